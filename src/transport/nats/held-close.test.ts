import { Kvm } from '@nats-io/kv';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type NatsFederation, natsFederation } from '../../../test/nats-federation.js';
import { withoutNats } from '../../../test/nats-server.js';
import { openNats } from './connection.js';
import { follow } from './follow.js';
import { heldClose } from './held-close.js';

describe('closing', () => {
  it('waits for what is being opened, and for nothing else', async () => {
    let closed = 0;
    const held = heldClose({
      async close() {
        closed += 1;
      },
    });
    await held.opening(async () => 'opened');
    await held.close();
    expect(closed).toBe(1);
    let opened = (_: string) => {};
    const opening = held.opening(
      () =>
        new Promise<string>((resolve) => {
          opened = resolve;
        }),
    );
    const closing = held.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(1);
    opened('late');
    expect(await opening).toBe('late');
    await closing;
    expect(closed).toBe(2);
  });
});

describe.skipIf(withoutNats)('a connection that is closed while a watch opens', () => {
  let federation: NatsFederation;
  beforeEach(async () => {
    federation = await natsFederation();
  });
  afterEach(() => federation.close());

  it('leaves no watch of the library behind that failed', async () => {
    const nats = await openNats(federation.server.url, {}, { name: 'test', inbox: '_INBOX' }, {});
    const bucket = await new Kvm(nats.jetStream).create('test');
    const { consumers } = nats.jetStream;
    const ask = consumers.getPushConsumer.bind(consumers);
    const ending = new AbortController();
    let closing: Promise<void> | undefined;
    let opened = false;
    // The server has answered, and the watch is not open yet.
    consumers.getPushConsumer = async (...asked: Parameters<typeof ask>) => {
      const consumer = await ask(...asked);
      const consume = consumer.consume.bind(consumer);
      consumer.consume = async (options) => {
        const messages = await consume(options);
        opened = true;
        return messages;
      };
      ending.abort();
      closing = nats.close();
      return consumer;
    };
    await follow(nats, bucket, 'key', () => {}, ending.signal);
    expect(opened).toBe(true);
    await closing;
    expect(nats.connection.isClosed()).toBe(true);
  });
});
