import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransportError } from '../../error.js';
import { type TestHub, testHub } from './test-hub.contract.js';

describe('a hub that is held up', () => {
  let hub: TestHub;
  const sockets: Socket[] = [];
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await hub.close();
  });

  /** A connection, and what came over it once it was closed. */
  function hold(text: string) {
    const socket = connect(hub.hub().port, '127.0.0.1');
    sockets.push(socket);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', () => undefined);
    if (text !== '') socket.write(text);
    const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)));
    return { socket, closed };
  }

  it('cuts connections that say nothing, or do not come to the end of what they want', async () => {
    await hub.open({ limits: { headersMs: 100 } });
    const silent = hold('');
    const slow = hold('GET /healthz HTTP/1.1\r\nHost: hub\r\nX-Slow: ');
    const trickle = setInterval(() => slow.socket.writable && slow.socket.write('x'), 20);
    expect(await slow.closed).toContain('408 Request Timeout');
    clearInterval(trickle);
    await silent.closed;
    await hub.logged(({ reason }) => reason === 'headers-timeout');
  });

  it('answers what is no HTTP, and goes on', async () => {
    await hub.open();
    expect(await hold('\x16\x03\x01\x02\x00\x01\x00').closed).toContain('400 Bad Request');
    expect(
      await hold(`GET /healthz HTTP/1.1\r\nHost: hub\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`).closed,
    ).toContain('400');
    const participant = await hub.join('site-a');
    expect(await participant.announce({ type: 'left' })).toEqual({ accepted: true });
  });

  it.each([
    ['one address', { strangersPerAddress: 3 }],
    ['all addresses', { strangers: 3 }],
  ])(
    'has few places for strangers of %s, and nobody is locked out by those who hold them',
    async (_, limits) => {
      await hub.open({ limits });
      // Known by their tokens, they are no strangers.
      const a = await hub.join('site-a');
      const held: ReturnType<typeof hold>[] = [];
      for (let k = 0; k < 3; k++) {
        held.push(hold(''));
        await once(held[k]!.socket, 'connect');
      }
      // Who comes later, with a token or without, has the place of who was there first.
      expect(await hold('GET /healthz HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n\r\n').closed).toContain(
        '200 OK',
      );
      await held[0]!.closed;
      await hub.logged(({ reason }) => reason === 'strangers');
      const b = await hub.join('site-b');
      for (const end of [a, b]) expect(await end.announce({ type: 'left' })).toEqual({ accepted: true });
      expect(held[2]!.socket.destroyed).toBe(false);
    },
  );

  it('has few places for connections of one token', async () => {
    await hub.open({ limits: { connectionsPerToken: 3 } });
    const token = await hub.tokenOf('site-a');
    const head = `HEAD /blobs/${'a'.repeat(64)} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${token}\r\n\r\n`;
    const held = [hold(head), hold(head), hold(head)];
    for (const { socket } of held) expect(String((await once(socket, 'data'))[0])).toContain('200 OK');
    expect(await hold(head).closed).toContain('429');
    await hub.logged(({ reason }) => reason === 'connections');
    // By a connection that it has, it may ask again; and others have places of their own.
    held[0]!.socket.write(head);
    expect(String((await once(held[0]!.socket, 'data'))[0])).toContain('200 OK');
    const b = await hub.join('site-b');
    expect(await b.announce({ type: 'left' })).toEqual({ accepted: true });
    held[1]!.socket.destroy();
    await held[1]!.closed;
    // The hub may hear a moment later that it was closed.
    let answer = '';
    while (!answer.includes('200 OK')) answer = String((await once(hold(head).socket, 'data'))[0]);
  });

  it('has so many connections, and not more', async () => {
    await hub.open({ limits: { connections: 2 } });
    for (const name of ['site-a', 'site-b']) await hub.join(name);
    expect(await hold('').closed).toBe('');
    await hub.logged(({ reason }) => reason === 'connections');
  });

  it('reads no body of a stranger, however long it takes', async () => {
    await hub.open();
    const head = 'Host: hub\r\nAuthorization: Bearer no\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel';
    expect(await hold(`POST /tokens HTTP/1.1\r\n${head}`).closed).toContain('401 Unauthorized');
    expect(await hold(`PUT /blobs/${'a'.repeat(64)} HTTP/1.1\r\n${head}`).closed).toContain(
      '401 Unauthorized',
    );
  });

  it('says when its port is taken', async () => {
    const { port } = await hub.open();
    const other = await testHub();
    const error = await other.open({ port }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(TransportError);
    expect(error).toMatchObject({
      message: expect.stringContaining('the port is taken'),
      hint: expect.any(String),
    });
    await other.close();
  });
});
