import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomBlob } from '../../../transport.contract.js';
import { type TestHub, testHub } from '../test-hub.contract.js';

describe('the requests of one connection', () => {
  let hub: TestHub;
  let sockets: Socket[];
  beforeEach(async () => {
    sockets = [];
    hub = await testHub();
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await hub.close();
  });

  /** Writes it, and resolves with all that came when the other side has closed. */
  function say(text: string): Promise<string> {
    const socket = connect(hub.hub().port, '127.0.0.1');
    sockets.push(socket);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => undefined).write(text);
    return new Promise((resolve) => socket.once('close', () => resolve(answer)));
  }
  const get = (path: string, ...headers: string[]) =>
    `${[`GET ${path} HTTP/1.1`, 'Host: hub', ...headers].join('\r\n')}\r\n\r\n`;
  const refused = () => hub.lines.filter(({ reason }) => reason !== undefined).map(({ reason }) => reason);

  it('are answered one after the other, in their order', async () => {
    await hub.open();
    const answer = await say(get('/healthz') + get('/none') + get('/healthz', 'Connection: close'));
    expect(answer.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 404', 'HTTP/1.1 200']);
  });

  it('are cut when too many of them come at once, and the rest is not even parsed', async () => {
    await hub.open();
    const began = process.cpuUsage();
    await say(get('/join').repeat(2000));
    expect(refused()).toEqual(['pipelining']);
    expect(process.cpuUsage(began).user).toBeLessThan(2e6);
  });

  it('are not begun for clients that have gone by then', async () => {
    await hub.open();
    const upload = `PUT /blobs/${'a'.repeat(64)} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer ${await hub.tokenOf('site-a')}\r\nContent-Length: 60000\r\n\r\n`;
    const begun = async () => {
      const names = await readdir(join(hub.folder, 'uploads'), { recursive: true });
      return names.filter((name) => name.endsWith('.part')).length;
    };
    const drop = `
      const { connect } = require('node:net');
      for (let i = 0; i < 20; i++) {
        const socket = connect(${hub.hub().port}, '127.0.0.1').on('error', () => undefined);
        socket.write(process.argv[1].replace('aa', String(i).padStart(2, '0')) + 'x'.repeat(2500 * i), () => socket.destroySoon());
      }`;
    // This process does nothing until that one has come and gone.
    execFileSync(process.execPath, ['-e', drop, upload]);
    expect(await say(get('/healthz', 'Connection: close'))).toContain('200 OK');
    await hub.hub().close();
    expect(await begun()).toBe(0);

    await hub.open();
    const socket = connect(hub.hub().port, '127.0.0.1');
    sockets.push(socket.on('error', () => undefined));
    socket.write(`${upload}x`);
    while ((await begun()) === 0) await new Promise((resolve) => setImmediate(resolve));
  });

  it('come without a body where none is expected: it is refused, and not read', async () => {
    await hub.open();
    for (const [line, length] of [
      ['GET /', 'Content-Length: 999999'],
      ['GET /healthz', 'Transfer-Encoding: chunked'],
      ['HEAD /join', 'Content-Length: 1'],
      ['POST /stop', 'Content-Length: 999999999999'],
      ['PUT /elsewhere', 'Content-Length: 999999999999'],
    ] as const) {
      const answer = await say(`${line} HTTP/1.1\r\nHost: hub\r\n${length}\r\n\r\n`);
      expect(answer, line).toMatch(/^HTTP\/1.1 413 [^"]*Connection: close/i);
    }
    expect(refused()).toEqual(['body', 'body', 'body', 'body', 'body']);
    expect(await say(get('/healthz', 'Content-Length: 0', 'Connection: close'))).toContain('200 OK');
  });

  it('have one host and one token', async () => {
    await hub.open();
    expect(await say(get('/healthz', 'Host: other'))).toMatch(/more than one header \S*host/);
    const token = `Authorization: Bearer ${await hub.tokenOf('site-a')}`;
    expect(await say(get('/description', token, token))).toMatch(/more than one header \S*authorization/);
    const upgrade = get(
      '/messages',
      ...['Host: other', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      ...['Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Protocol: commonweight.1'],
    );
    expect(await say(upgrade)).toContain('400 Bad Request');
  });

  it('end with what is refused in the middle of a body, and the answer arrives', async () => {
    await hub.open();
    const socket = connect(hub.hub().port, '127.0.0.1');
    sockets.push(socket);
    let [answer, sent] = ['', 0];
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('error', () => undefined);
    socket.write(`PUT /blobs/${'a'.repeat(64)} HTTP/1.1\r\nHost: hub\r\nContent-Length: 999999999\r\n\r\n`);
    const piece = randomBlob(2 ** 16);
    const more = () => {
      sent += piece.length;
      socket.write(piece, (error) => error || setImmediate(more));
    };
    more();
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer).toContain('401 Unauthorized');
    // The rest lies in the system's own buffers.
    expect(sent).toBeLessThan(2 ** 24);
  });

  it('are not written into by a WebSocket, or by an error that follows', async () => {
    await hub.open();
    const upgrade = `${get('/messages').slice(0, -2)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`;
    for (const next of [upgrade, 'nonsense\r\n\r\n']) {
      expect((await say(get('/join') + next)).match(/HTTP\/1.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
    }
  });
});
