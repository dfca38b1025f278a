import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../../../base/node/sha256-of.js';
import { blobFolder } from '../../blob-folder.js';
import { randomBlob } from '../../transport.contract.js';
import type { BlobFolder } from '../../transport.js';
import { hubAddress } from '../client/node/hub-address.js';
import { type HubRequest, hubRequest } from '../client/node/hub-request.js';
import { joinHub } from '../client/node/join-hub.js';
import { readJson } from '../client/read-json.js';
import { type TestHub, testHub } from './test-hub.contract.js';

const never = new AbortController().signal;

describe('the blobs that come to a hub', () => {
  let hub: TestHub;
  beforeEach(async () => {
    hub = await testHub();
  });
  afterEach(() => hub.close());

  async function ask(name: string, request: HubRequest) {
    const address = hubAddress(hub.hub().url, await hub.tokenOf(name), {});
    const response = await hubRequest(address, request, never);
    const said = await readJson(response);
    address.agent.destroy();
    return { status: response.statusCode, headers: response.headers, said };
  }
  const put = (name: string, sha256: string, body: Uint8Array, headers = {}) =>
    ask(name, { method: 'PUT', path: `/blobs/${sha256}`, headers, body });
  const head = async (name: string, sha256: string) => {
    const { headers } = await ask(name, { method: 'HEAD', path: `/blobs/${sha256}` });
    return [headers['upload-offset'], headers['upload-complete']];
  };
  /** A PUT of which only a part is sent, and no more. */
  async function begin(name: string, bytes: Uint8Array, sent: number, offset = 0): Promise<Socket> {
    const socket = connect(hub.hub().port, '127.0.0.1');
    socket.on('error', () => undefined).resume();
    socket.write(
      `PUT /blobs/${sha256Of(bytes)} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${await hub.tokenOf(name)}\r\n` +
        `Upload-Offset: ${offset}\r\nContent-Length: ${bytes.length - offset}\r\n\r\n`,
    );
    await new Promise<void>((resolve) =>
      socket.write(bytes.subarray(offset, offset + sent), () => resolve()),
    );
    return socket;
  }
  const files = async () => [
    ...(await readdir(join(hub.folder, 'blobs'))),
    ...(await readdir(join(hub.folder, 'uploads'), { recursive: true })).filter((name) =>
      name.endsWith('.part'),
    ),
  ];
  const untilPartHas = async (name: string, sha256: string, bytes: number) => {
    // Asking ends the upload; so only the file is looked at.
    const folder = createHash('sha256').update(name).digest('hex').slice(0, 32);
    const size = () =>
      stat(join(hub.folder, 'uploads', folder, `${sha256}.part`)).then(
        (s) => s.size,
        () => 0,
      );
    while ((await size()) < bytes) await new Promise((resolve) => setImmediate(resolve));
  };

  it('go on where a lost connection ended, also with a hub that was opened again', async () => {
    await hub.open();
    const bytes = randomBlob(300_000);
    const sha256 = sha256Of(bytes);
    const first = await begin('site-a', bytes, 100_000);
    await untilPartHas('site-a', sha256, 100_000);
    first.destroy();
    await hub.logged(({ reason, message }) => reason === 'cut-off' && message.includes('100000'));
    expect(await head('site-a', sha256)).toEqual(['100000', '?0']);

    const second = await begin('site-a', bytes, 50_000, 100_000);
    await untilPartHas('site-a', sha256, 150_000);
    await hub.hub().close();
    second.destroy();
    await hub.open();
    expect(await head('site-a', sha256)).toEqual(['150000', '?0']);
    // Who thinks that nothing is here is told, before it sends all of it again.
    expect(await put('site-a', sha256, bytes, { 'if-none-match': '*' })).toMatchObject({ status: 409 });
    // Nobody else goes on with it.
    expect(await head('site-b', sha256)).toEqual(['0', '?0']);

    expect(await put('site-a', sha256, bytes.subarray(150_001), { 'upload-offset': '150001' })).toMatchObject(
      {
        status: 409,
      },
    );
    expect(await put('site-a', sha256, bytes.subarray(150_000), { 'upload-offset': '150000' })).toMatchObject(
      {
        status: 201,
      },
    );
    expect(await head('site-a', sha256)).toEqual(['300000', '?1']);
    expect(sha256Of(await hub.hub().blobs.get(sha256))).toBe(sha256);
    expect(await files()).toEqual([sha256]);
  });

  it('are uploaded through connections that break, by a participant who goes on behind what is there', async () => {
    await hub.open();
    const bytes = randomBlob(2_000_000);
    // Between the two: it breaks after so many bytes, twice, once the hub has read them.
    const breaks = [400_000, 700_000];
    const offsets: number[] = [];
    const proxy = createServer((near) => {
      const far = connect(hub.hub().port, '127.0.0.1');
      for (const socket of [near, far]) socket.on('error', () => undefined);
      let passed = 0;
      near.on('data', (chunk: Buffer) => {
        const [, offset] = /upload-offset: (\d+)/.exec(chunk.toString('latin1')) ?? [];
        if (offset !== undefined) offsets.push(Number(offset));
        passed += chunk.length;
        const [most] = breaks;
        if (most !== undefined && passed > most) {
          breaks.shift();
          near.pause();
          far.end(chunk);
        } else far.write(chunk);
      });
      near.on('close', () => far.destroy());
      far.on('close', () => near.destroy());
      far.pipe(near);
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const { port } = proxy.address() as AddressInfo;
    const troubles: string[] = [];
    const participant = await joinHub(`http://127.0.0.1:${port}`, {
      token: await hub.tokenOf('site-a'),
      onTrouble: (reason) => troubles.push(reason),
    });
    const blob = await participant.upload(bytes);
    await participant.close();
    proxy.close();
    expect(sha256Of(await hub.hub().blobs.get(blob.sha256))).toBe(sha256Of(bytes));
    expect(troubles).toHaveLength(2);
    expect(offsets).toHaveLength(3);
    expect(offsets[0]).toBe(0);
    expect(offsets[1]).toBeGreaterThan(0);
    expect(offsets[2]).toBeGreaterThan(offsets[1]!);
  });

  it('are confirmed when they are whole, and there for who announces them once they are synced', async () => {
    const blobs = await blobFolder(join(hub.folder, 'blobs'));
    const disk = { sync() {}, breaks(_: Error) {} };
    const slow: BlobFolder = {
      ...blobs,
      adopt: (file, blob, synced) =>
        blobs.adopt(
          file,
          blob,
          new Promise((resolve, reject) => {
            disk.sync = () => synced?.then(resolve, reject);
            disk.breaks = reject;
          }),
        ),
    };
    await hub.open({ blobs: slow });
    const [kept, lost] = [randomBlob(70_000), randomBlob(70_000, 2)];
    expect(await put('site-a', sha256Of(kept), kept)).toMatchObject({ status: 201 });
    const asked = blobs.has(sha256Of(kept));
    expect(await Promise.race([asked, delay(20, 'nothing yet')])).toBe('nothing yet');
    disk.sync();
    expect(await asked).toBe(true);

    // What a disk could not keep is not here: it is sent once more, and nothing of it is in the
    // way.
    expect(await put('site-a', sha256Of(lost), lost)).toMatchObject({ status: 201 });
    disk.breaks(new Error('a sector is broken'));
    const { participant, error } = await hub.logged(({ message }) => message.includes('has lost'));
    expect([participant, String(error)]).toEqual(['site-a', 'Error: a sector is broken']);
    expect(await head('site-a', sha256Of(lost))).toEqual(['0', '?0']);
    expect(await files()).toEqual([sha256Of(kept)]);

    // A hub that dies in between is asked once more, and has all of it.
    expect(await put('site-a', sha256Of(lost), lost)).toMatchObject({ status: 201 });
    const killed = hub.hub();
    const again = await blobFolder(join(hub.folder, 'blobs'));
    await hub.open({ blobs: again, port: 0 });
    expect(await head('site-a', sha256Of(lost))).toEqual(['70000', '?0']);
    const rest = lost.subarray(70_000);
    expect(await put('site-a', sha256Of(lost), rest, { 'upload-offset': '70000' })).toMatchObject({
      status: 201,
    });
    expect(await again.has(sha256Of(lost))).toBe(true);
    disk.breaks(new Error('it was killed'));
    await killed.close();
  });

  it('are not kept when they are not what their name says, and then begin anew', async () => {
    await hub.open();
    const bytes = randomBlob(1000);
    const wrong = bytes.slice();
    wrong[500]! ^= 1;
    expect(await put('site-a', sha256Of(bytes), wrong)).toMatchObject({ status: 422 });
    expect(await files()).toEqual([]);
    // A damaged beginning is found by a participant who goes on behind it.
    (await begin('site-a', wrong, 0)).destroy();
    const part = await begin('site-a', bytes, 0);
    part.write(wrong.subarray(0, 700));
    await untilPartHas('site-a', sha256Of(bytes), 700);
    part.destroy();
    const participant = await hub.join('site-a');
    expect(await participant.upload(bytes)).toEqual({ sha256: sha256Of(bytes), bytes: 1000 });
  });

  it('are refused when they are too large, without an end, or empty, and nothing is left', async () => {
    await hub.open({ limits: { blobBytes: 1000 } });
    const bytes = randomBlob(1001);
    expect(await put('site-a', sha256Of(bytes), bytes)).toMatchObject({
      status: 413,
      said: { reason: 'too-large', error: expect.stringContaining('1001') },
    });
    expect(
      await put('site-a', sha256Of(bytes), bytes.subarray(500), { 'upload-offset': '900' }),
    ).toMatchObject({
      status: 413,
    });
    expect(await put('site-a', sha256Of(new Uint8Array()), new Uint8Array())).toMatchObject({ status: 400 });
    const endless = connect(hub.hub().port, '127.0.0.1');
    endless.on('error', () => undefined);
    let answer = '';
    endless.on('data', (chunk) => {
      answer += String(chunk);
    });
    endless.write(
      `PUT /blobs/${'d'.repeat(64)} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${await hub.tokenOf('site-a')}\r\n` +
        'Transfer-Encoding: chunked\r\n\r\n',
    );
    const more = () =>
      endless.write('400\r\n'.concat('x'.repeat(1024), '\r\n'), () => endless.writable && more());
    more();
    await new Promise((resolve) => endless.once('close', resolve));
    expect(answer).toContain('411 Length Required');
    expect(await files()).toEqual([]);
    const participant = await hub.join('site-a');
    await expect(participant.upload(bytes)).rejects.toThrow(/at most 1000 are taken/);
  });

  it('make room for new ones, unless somebody has announced them', async () => {
    await hub.open({ limits: { pendingBytes: 2500 } });
    const participant = await hub.join('site-a');
    const [one, two, three, four] = [1, 2, 3, 4].map((seed) => randomBlob(1000, seed));
    const state = await participant.upload(one!);
    const update = { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
    await participant.announce({ type: 'update', round: 1, update });
    for (const each of [two, three, four]) await participant.upload(each!);
    const has = await Promise.all(
      [one, two, three, four].map((each) => hub.hub().blobs.has(sha256Of(each!))),
    );
    expect(has).toEqual([true, false, true, true]);
    await expect(participant.upload(randomBlob(2501))).rejects.toThrow(/more than 2500 bytes/);
  });

  it('stay while the run refers to them, however much another uploads who has sent the same bytes', async () => {
    const counted = new Set<string>();
    await hub.open(
      { limits: { pendingBlobs: 3 } },
      {
        holds: (sha256) => counted.has(sha256),
        async receive(_, announcement) {
          if (announcement.type === 'update') counted.add(announcement.update.state.sha256);
          return { accepted: true };
        },
      },
    );
    const bytes = randomBlob(1000);
    const sha256 = sha256Of(bytes);
    // Of site-b, all but the end is there before site-a has sent, and announced, the whole.
    const slow = await begin('site-b', bytes, 900);
    await untilPartHas('site-b', sha256, 900);
    const a = await hub.join('site-a');
    const state = await a.upload(bytes);
    const update = { state, examples: 1, epochs: 1, examplesSeen: 1, loss: 1, seconds: 1 };
    await a.announce({ type: 'update', round: 1, update });
    slow.end(bytes.subarray(900));
    await once(slow, 'close');
    for (let seed = 2; seed < 10; seed++) {
      const other = randomBlob(1000, seed);
      expect(await put('site-b', sha256Of(other), other)).toMatchObject({ status: 201 });
    }
    expect(await hub.hub().blobs.isSound(sha256)).toBe(true);
  });

  it('are the affair of who has sent them: others have to send all of their bytes, and learn nothing before', async () => {
    await hub.open();
    const bytes = randomBlob(1000);
    const sha256 = sha256Of(bytes);
    expect(await put('site-a', sha256, bytes)).toMatchObject({ status: 201 });
    expect(await head('site-a', sha256)).toEqual(['1000', '?1']);
    expect(await head('site-b', sha256)).toEqual(['0', '?0']);
    const rest = bytes.subarray(999);
    expect(await put('site-b', sha256, rest, { 'upload-offset': '999' })).toMatchObject({ status: 409 });
    expect(await put('site-b', sha256, randomBlob(1000, 2))).toMatchObject({ status: 422 });
    expect(await head('site-b', sha256)).toEqual(['0', '?0']);
    expect(await put('site-b', sha256, bytes)).toMatchObject({ status: 201 });
    expect(await head('site-b', sha256)).toEqual(['1000', '?1']);
    expect(await hub.hub().blobs.isSound(sha256)).toBe(true);
    expect(await files()).toEqual([sha256]);
  });

  it('are named by hexadecimal digits, and by nothing that could be a path', async () => {
    await hub.open();
    for (const name of [
      '../tokens.json',
      '..%2ftokens.json',
      '%2e%2e%2ftokens.json',
      `${'a'.repeat(63)}%00`,
      'A'.repeat(64),
      'a'.repeat(65),
      `${'a'.repeat(64)}%0a`,
      '%',
    ]) {
      for (const method of ['PUT', 'GET', 'HEAD'] as const) {
        const { status } = await ask('site-a', {
          method,
          path: `/blobs/${name}`,
          ...(method === 'PUT' && { body: randomBlob(1) }),
        });
        expect([400, 404, 413], `${method} ${name}`).toContain(status);
      }
    }
    expect(await files()).toEqual([]);
  });

  it('are neither read nor written without a token, or with one of another role', async () => {
    await hub.open();
    const observer = await hub.tokens.issue({ role: 'observer' });
    const bytes = randomBlob(10);
    const path = `/blobs/${sha256Of(bytes)}`;
    for (const [token, status] of [
      [observer, 403],
      ['x'.repeat(43), 401],
    ] as const) {
      const address = hubAddress(hub.hub().url, token, {});
      for (const method of ['GET', 'PUT'] as const) {
        const body = method === 'PUT' ? { body: bytes } : {};
        expect((await hubRequest(address, { method, path, ...body }, never)).statusCode).toBe(status);
      }
      address.agent.destroy();
    }
    expect(await files()).toEqual([]);
  });

  it('of one participant are moved a few at once', async () => {
    await hub.open({ limits: { transfers: 2 } });
    const [one, two] = [randomBlob(1000, 1), randomBlob(1000, 2)];
    const held = [await begin('site-a', one, 10), await begin('site-a', two, 10)];
    await untilPartHas('site-a', sha256Of(one), 10);
    await untilPartHas('site-a', sha256Of(two), 10);
    const three = randomBlob(1000, 3);
    expect(await put('site-a', sha256Of(three), three)).toMatchObject({ status: 429 });
    expect(await put('site-b', sha256Of(three), three)).toMatchObject({ status: 201 });
    for (const socket of held) socket.destroy();
  });

  it('that do not come any further are ended, and can be gone on with', async () => {
    await hub.open({ limits: { stallMs: 100, stallBytes: 50 } });
    const bytes = randomBlob(1000);
    const socket = await begin('site-a', bytes, 500);
    await once(socket, 'close');
    await hub.logged(({ reason }) => reason === 'stalled');
    expect(await head('site-a', sha256Of(bytes))).toEqual(['500', '?0']);
  });
});
