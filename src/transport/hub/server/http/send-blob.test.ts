import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { cutting, openGateway } from '../../../../../test/page-end/gateway.js';
import { sha256Of } from '../../../../base/node/sha256-of.js';
import { blobFolder } from '../../../blob-folder.js';
import { TransportError } from '../../../error.js';
import { randomBlob } from '../../../transport.contract.js';
import { hubAddress } from '../../client/node/hub-address.js';
import { hubRequest } from '../../client/node/hub-request.js';
import { joinHub } from '../../client/node/join-hub.js';
import { joinHubFromPage } from '../../client/page/join-hub-from-page.js';
import { type TestHub, testHub } from '../test-hub.contract.js';

const never = new AbortController().signal;

describe('the blobs that a hub sends', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(() => hub.close());

  it.each([
    ['Node', joinHub],
    ['a page', joinHubFromPage],
  ])('are downloaded through a connection that breaks, by %s, from where it broke', async (_, join) => {
    vi.stubGlobal('WebSocket', WebSocket);
    const coordinator = await hub.open();
    const gateway = await openGateway(new Map());
    gateway.hubPort = coordinator.port;
    const model = await coordinator.blobs.put(randomBlob(2_000_000));
    await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
    const participant = await join(`http://127.0.0.1:${gateway.port}`, {
      token: await hub.tokenOf('site-a'),
    });
    const bytes = await cutting(gateway, 1_000_000, participant.download(model));
    expect(sha256Of(bytes)).toBe(model.sha256);
    expect(gateway.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-$/);
    await participant.close();
    await gateway.close();
    vi.unstubAllGlobals();
  });

  it('are read by participants only where an assignment names them', async () => {
    const coordinator = await hub.open();
    const [a, b] = [await hub.join('site-a'), await hub.join('site-b')];
    const secret = await a.upload(randomBlob(1000));
    const update = { state: secret, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
    await a.announce({ type: 'update', round: 1, update });
    const common = { epoch: 1, round: 1, waitingFor: ['site-b'] };
    const model = await coordinator.blobs.put(randomBlob(5000, 2));
    await coordinator.publish({ ...common, type: 'train', sequence: 1, base: model });
    await expect(b.download(secret)).rejects.toThrow(TransportError);
    expect(sha256Of(await b.download(model))).toBe(model.sha256);
    // One that was named before may still be on its way.
    await coordinator.publish({ type: 'wait', epoch: 1, sequence: 2, round: 1 });
    expect(sha256Of(await b.download(model))).toBe(model.sha256);
    await hub.logged(({ reason, message }) => reason === 'no-blob' && message.includes('site-b'));
  });

  it('are mended where the disk has changed them, once somebody has got other bytes', async () => {
    const damaged: string[] = [];
    const model = randomBlob(1000);
    const coordinator = await hub.open(
      {},
      {
        async onDamaged(sha256) {
          damaged.push(sha256);
          writeFileSync(coordinator.blobs.pathOf(sha256), model);
        },
      },
    );
    const blob = await coordinator.blobs.put(model);
    await coordinator.publish({
      type: 'evaluate',
      epoch: 1,
      sequence: 1,
      round: 1,
      waitingFor: [],
      model: blob,
    });
    const participant = await hub.join('site-a');
    expect(await participant.download(blob)).toEqual(model);
    expect(damaged).toEqual([]);
    model[500]! ^= 4;
    writeFileSync(coordinator.blobs.pathOf(blob.sha256), model);
    model[500]! ^= 4;
    expect(await participant.download(blob)).toEqual(model);
    expect(damaged).toEqual([blob.sha256]);
  });

  it('are read once, however many requests in one piece ask for their hash', async () => {
    const blobs = await blobFolder(join(hub.folder, 'blobs'));
    let read = 0;
    const isSound = (sha256: string) => {
      read++;
      return blobs.isSound(sha256);
    };
    const coordinator = await hub.open({ blobs: { ...blobs, isSound } });
    const model = await coordinator.blobs.put(randomBlob(100_000));
    await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
    const headers = [
      `Authorization: Bearer ${await hub.tokenOf('site-a')}`,
      ...['Host: hub', 'Want-Repr-Digest: sha-256=10', 'Range: bytes=0-0'],
    ];
    const asking = `GET /blobs/${model.sha256} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
    const answers = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const socket = connect(coordinator.port, '127.0.0.1');
        let answer = '';
        socket.on('data', (chunk) => {
          answer += chunk.toString('latin1');
        });
        socket
          .on('error', () => undefined)
          .write(asking.repeat(4) + asking.replace('Host', 'Connection: close\r\nHost'));
        await new Promise((resolve) => socket.once('close', resolve));
        return answer.match(/206 Partial/g)?.length;
      }),
    );
    expect([answers, read]).toEqual([[5, 5, 5, 5], 1]);
    // And more than that ends the connection.
    const flood = connect(coordinator.port, '127.0.0.1')
      .on('error', () => undefined)
      .resume();
    flood.write(asking.repeat(300));
    await new Promise((resolve) => flood.once('close', resolve));
    expect(read).toBe(1);
  });

  it('are read in ranges', async () => {
    const coordinator = await hub.open();
    const bytes = randomBlob(1000);
    const model = await coordinator.blobs.put(bytes);
    await coordinator.publish({ type: 'evaluate', epoch: 1, sequence: 1, round: 1, waitingFor: [], model });
    const address = hubAddress(coordinator.url, await hub.tokenOf('site-a'), {});
    const read = async (range: string) => {
      const path = `/blobs/${model.sha256}`;
      const response = await hubRequest(address, { method: 'GET', path, headers: { range } }, never);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      return [response.statusCode, response.headers['content-range'], Buffer.concat(chunks)] as const;
    };
    expect(await read('bytes=990-')).toEqual([206, 'bytes 990-999/1000', Buffer.from(bytes.subarray(990))]);
    expect(await read('bytes=1-2')).toEqual([206, 'bytes 1-2/1000', Buffer.from(bytes.subarray(1, 3))]);
    expect((await read('bytes=1000-'))[0]).toBe(416);
    expect((await read('bytes=x'))[0]).toBe(200);
    address.agent.destroy();
  });
});
