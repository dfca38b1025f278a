import { request } from 'node:http';
import { brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestHub, testHub } from './test-hub.contract.js';

/** By Node's own request: fetch would tidy paths up, and unpack. */
function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      const outgoing = request({ ...hostOf(url), path, headers, method }, async (incoming) => {
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
