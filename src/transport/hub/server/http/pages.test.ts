import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../guard/limits.js';
import { type TestHub, testHub } from '../test-hub.contract.js';
import { pages } from './pages.js';
import { takeTurns } from './turns.js';

/**
 * By Node's own request: fetch would tidy paths up, and unpack. Each has its own connection, since
 * the hub may close an idle one just when a kept connection is used again.
 */
function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      const outgoing = request({ ...hostOf(url), path, headers, method, agent: false }, async (incoming) => {
        const chunks: Buffer[] = [];
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) });
      });
      outgoing.on('error', reject).end();
    },
  );
}
const hostOf = (url: string) => ({ host: new URL(url).hostname, port: new URL(url).port });

describe('the pages of a hub', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub();
    await hub.open();
  });
  afterAll(() => hub.close());
  const at = (path: string, headers?: Record<string, string>, method?: string) =>
    get(hub.hub().url, path, headers, method);
  const scriptOf = async (path: string) =>
    /src="(\/assets\/[^"]+\.js)"/.exec(`${(await at(path)).body}`)?.[1] ?? '';

  it.each(['/', '/join'])('are there without a token: %s, and are asked for anew each time', async (path) => {
    const { status, headers, body } = await at(path);
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(headers['cache-control']).toBe('no-cache');
    expect(`${body}`).toContain('<title>');
  });

  it('let nothing in from elsewhere, and are isolated, with all that they load', async () => {
    for (const path of ['/', '/join', await scriptOf('/join')]) {
      const { headers } = await at(path);
      expect(headers['cross-origin-opener-policy'], path).toBe('same-origin');
      expect(headers['cross-origin-embedder-policy'], path).toBe('require-corp');
      expect(headers['referrer-policy'], path).toBe('no-referrer');
      expect(headers['x-content-type-options'], path).toBe('nosniff');
      const policy = `${headers['content-security-policy']}`;
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|https?:|\*/);
    }
  });

  it('send what has its hash in its name compressed, to be kept', async () => {
    const path = await scriptOf('/');
    const plain = await at(path);
    const packed = await at(path, { 'accept-encoding': 'gzip, br' });
    expect(plain.headers['content-type']).toMatch(/^text\/javascript/);
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(packed.headers['content-encoding']).toBe('br');
    expect(packed.body.length).toBeLessThan(plain.body.length);
    expect(brotliDecompressSync(packed.body)).toEqual(plain.body);
    // By plain HTTP a browser takes no brotli, but on its own machine.
    const gzipped = await at(path, { 'accept-encoding': 'gzip, deflate, br;q=0' });
    expect(gzipped.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(gzipped.body)).toEqual(plain.body);
    expect(gzipped.headers.vary).toBe('accept-encoding');
  });

  it('are not sent again while they are the same', async () => {
    const { headers } = await at('/join');
    const again = await at('/join', { 'if-none-match': `${headers.etag}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
    expect((await at('/', { 'if-none-match': `${headers.etag}` })).status).toBe(200);
  });

  it('say how large they are to who asks for the headers alone', async () => {
    const asked = await at('/join', {}, 'HEAD');
    const got = await at('/join');
    expect([asked.status, asked.body.length]).toEqual([200, 0]);
    expect(asked.headers['content-length']).toBe(`${got.body.length}`);
  });

  it('are all of what was built, each as what it is', async () => {
    const types = /^(text\/(javascript|css); charset=utf-8|application\/wasm|image\/(svg\+xml|png))$/;
    const names = readdirSync(resolve(import.meta.dirname, '../../../../../dist/pages/assets'));
    for (const name of new Set(names.map((each) => each.replace(/\.(br|gz)$/, '')))) {
      const { status, headers } = await at(`/assets/${name}`, {}, 'HEAD');
      expect([name, status]).toEqual([name, 200]);
      expect(headers['content-type'], name).toMatch(types);
    }
  });

  it('do not wait for who does not read them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'commonweight-pages-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'assets/large.wasm.gz'), new Uint8Array(2 ** 25));
    const server = createServer();
    takeTurns(server, {
      ...{ limits: { ...defaultLimits, stallMs: 100 }, note() {}, takesBody: () => false },
      handle: getRequestListener(pages(folder).fetch, { overrideGlobalObjects: false }),
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const idle = connect((server.address() as AddressInfo).port, '127.0.0.1');
    idle.write('GET /assets/large.wasm HTTP/1.1\r\nHost: hub\r\n\r\n');
    const [response] = await once(server, 'request').then(([, answer]) => [answer as ServerResponse]);
    await once(response!, 'close');
    expect(response!.writableFinished).toBe(false);
    idle.destroy();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('are missed in words where they were not built', async () => {
    const response = await pages('/nowhere').request('/join');
    expect([response.status, await response.text()]).toEqual([
      501,
      'the pages are not built: npm run build\n',
    ]);
  });

  it('are all that there is to be had without a token', async () => {
    for (const path of [
      '/assets/../../package.json',
      '/assets/%2e%2e/%2e%2e/package.json',
      '/assets/..%2f..%2fpackage.json',
      '/assets//etc/passwd',
      '/assets/',
      '/assets/none.js',
      '/watch/index.html',
      '/join/index.html',
    ]) {
      const { status, body, headers } = await at(path);
      expect(status, path).toBe(404);
      expect(`${body}`, path).not.toContain('"dependencies"');
      expect(headers['cache-control'], path).toBe('no-store');
    }
    expect((await at('/', {}, 'POST')).status).toBe(404);
  });
});
