/**
 * A hub behind a proxy: to it, all connections come from one address, whatever their headers say.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, vi } from 'vitest';
import { freePort } from '../free-port.js';
import { NGINX, requires } from '../requires.js';
import { BESIEGERS, expectSitesFinish, strangers } from './siege.js';
import { request, say } from './wire.js';

interface Proxy {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Passes on requests as they come, keeps connections to the hub open, and says for whom it asks.
 */
async function smallProxy(hubPort: number): Promise<Proxy> {
  const agent = new Agent({ keepAlive: true });
  const headersOf = ({ headers, socket }: IncomingMessage) => ({
    ...headers,
    'x-forwarded-for': [headers['x-forwarded-for'], socket.remoteAddress].flat().join(', '),
  });
  const server = createServer((asked, answer) => {
    const { method, url } = asked;
    const onward = httpRequest({ port: hubPort, agent, method, path: url, headers: headersOf(asked) });
    onward.on('response', (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
      answered.on('error', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    asked.on('error', () => onward.destroy());
    answer.on('close', () => onward.destroy());
    asked.pipe(onward);
  });
  server.on('upgrade', (asked: IncomingMessage, near) => {
    const far = connect(hubPort, '127.0.0.1');
    const headers = Object.entries(headersOf(asked)).map(([name, value]) => `${name}: ${value}\r\n`);
    far.write(`GET ${asked.url} HTTP/1.1\r\n${headers.join('')}\r\n`);
    far.pipe(near).pipe(far);
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

/** With the settings of docs/across-machines.md as they stand there, without TLS. */
async function nginx(program: string, hubPort: number): Promise<Proxy> {
  const guide = readFileSync(join(import.meta.dirname, '../../docs/across-machines.md'), 'utf8');
  const [, settings = ''] = /```nginx\n([\s\S]*?)```/.exec(guide) ?? [];
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-nginx-'));
  const server = settings
    .replace('listen 443 ssl', `listen 127.0.0.1:${port}`)
    .replace('127.0.0.1:8470', `127.0.0.1:${hubPort}`)
    .replaceAll(/^ *ssl_certificate.*\n/gm, '');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const configuration = [
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;`,
    'events { worker_connections 4096; }',
    'http {',
    ...['access_log off;', ...temporary.map((name) => `${name}_temp_path ${folder}/${name};`), server],
    '}',
  ];
  writeFileSync(join(folder, 'nginx.conf'), configuration.join('\n'));
  const files = ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'log')];
  const child = spawn(program, files, { stdio: 'inherit' });
  const ended = once(child, 'exit');
  const answers = async () => (await say({ port, token: '' }, request('GET /healthz'))).answer !== '';
  await vi.waitUntil(answers, { timeout: 60_000 });
  return {
    port,
    async close() {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

const program = requires(NGINX);

describe.each<[string, ((hubPort: number) => Promise<Proxy>) | undefined]>([
  ['a small proxy', smallProxy],
  ['nginx', program === undefined ? undefined : (hubPort) => nginx(program, hubPort)],
])('behind %s', (_, open) => {
  it.skipIf(open === undefined)(
    'sites are let in, though strangers come through it too, and hold all places that strangers have',
    ({ signal }) =>
      expectSitesFinish(
        async ({ port, refusals }) => {
          const proxy = await (open as typeof smallProxy)(port);
          const besiegers = strangers(BESIEGERS, () => connect(proxy.port, '127.0.0.1'));
          await vi.waitUntil(() => refusals('strangers').length > 0, { timeout: 60_000 });
          return {
            url: `http://127.0.0.1:${proxy.port}`,
            async lift() {
              await besiegers.lift();
              await proxy.close();
            },
          };
        },
        { signal },
      ),
  );
});
