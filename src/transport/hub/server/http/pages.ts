/**
 * Serves the hub's pages as they were built: the dashboard at `/`, and at `/join` the page by which
 * a browser takes part. They are no secret and need no token; the data that they show does. Their
 * files are listed once, at the start, and a path that is not in the list never reaches the disk. A
 * file is read when it is first asked for, and then stays in memory (12 MB for all of them). So
 * strangers open no files. Node only.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { sendBytes } from './send-stream.js';

/**
 * The endings of a file's compressed forms, as `scripts/build.mjs` writes them; the smallest first.
 */
const endings = { br: '.br', gzip: '.gz', identity: '' } as const;
type Encoding = keyof typeof endings;

interface FileForm {
  readonly encoding: Encoding;
  readonly bytes: number;
  read(): Promise<Uint8Array>;
}

interface ServedFile {
  readonly headers: OutgoingHttpHeaders;
  readonly forms: readonly [FileForm, ...FileForm[]];
}

const htmlFiles = { '/': 'watch/index.html', '/join': 'join/index.html' } as const;

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/**
 * A page runs only its own scripts, connects only to its own hub, and cannot be framed. Isolated
 * from other origins, it may share memory with its workers; without that, WebAssembly has no
 * threads. A worker needs the headers on its own script.
 */
const guards: OutgoingHttpHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    "connect-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** @param folder the built src/pages */
export function pages<Environment extends { Bindings: HttpBindings }>(
  folder = builtPages(),
): Hono<Environment> {
  const app = new Hono<Environment>();
  for (const [path, file] of filesIn(folder)) {
    app.get(path, async (c) => {
      await send(file, c.env.incoming, c.env.outgoing);
      return RESPONSE_ALREADY_SENT;
    });
  }
  // Answers in a clone that was not built. Files that exist have answered before this.
  for (const path of Object.keys(htmlFiles)) {
    app.get(path, (c) => c.text('the pages are not built: npm run build\n', 501));
  }
  return app;
}

/** The built pages of this package, whether it runs from TypeScript or JavaScript. */
const builtPages = () =>
  join(dirname(createRequire(import.meta.url).resolve('commonweight/package.json')), 'dist/pages');

/** The files, by the path in the address. */
function filesIn(folder: string): Map<string, ServedFile> {
  const files = new Map<string, ServedFile>();
  const add = (path: string, name: string, caching: OutgoingHttpHeaders) => {
    const file = fileAt(join(folder, name), caching);
    if (file !== undefined) files.set(path, file);
  };
  for (const [path, name] of Object.entries(htmlFiles)) {
    if (!existsSync(join(folder, name))) continue;
    const digest = createHash('sha256').update(readFileSync(join(folder, name)));
    // The page may change with the hub's version. The tag is weak, since it is the same for all
    // forms.
    add(path, name, { 'cache-control': 'no-cache', etag: `W/"${digest.digest('base64url')}"` });
  }
  const assets = join(folder, 'assets');
  const names = existsSync(assets) ? readdirSync(assets).map((name) => name.replace(/\.(br|gz)$/, '')) : [];
  for (const name of new Set(names)) {
    // The file's name contains its hash, so it never changes.
    add(`/assets/${name}`, `assets/${name}`, { 'cache-control': 'public, max-age=31536000, immutable' });
  }
  return files;
}

function fileAt(path: string, caching: OutgoingHttpHeaders): ServedFile | undefined {
  const [smallest, ...others] = (Object.keys(endings) as Encoding[]).flatMap((encoding) => {
    const file = path + endings[encoding];
    return existsSync(file) ? { encoding, bytes: statSync(file).size, read: reading(file) } : [];
  });
  const type = contentTypes[extname(path)];
  if (smallest === undefined || type === undefined) return undefined;
  const headers = { ...guards, ...caching, 'content-type': type, vary: 'accept-encoding' };
  return { headers, forms: [smallest, ...others] };
}

/** Reads the file once for all requests. */
function reading(file: string): () => Promise<Uint8Array> {
  let bytes: Promise<Uint8Array> | undefined;
  return () => {
    bytes ??= readFile(file).catch((error: unknown) => {
      bytes = undefined;
      throw error;
    });
    return bytes;
  };
}

async function send(
  { headers, forms }: ServedFile,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (headers.etag !== undefined && request.headers['if-none-match'] === headers.etag) {
    response.writeHead(304, headers).end();
    return;
  }
  const accepted = acceptedBy(request.headers['accept-encoding']);
  // Large files exist as gzip only, which every browser accepts.
  const { encoding, bytes, read } = forms.find((form) => accepted(form.encoding)) ?? forms[0];
  const content = request.method === 'HEAD' ? undefined : await read();
  response.writeHead(200, {
    ...headers,
    'content-length': content?.length ?? bytes,
    ...(encoding !== 'identity' && { 'content-encoding': encoding }),
  });
  if (content === undefined) response.end();
  else await sendBytes(content, request, response);
}

/** Whether an encoding is named, and not refused by a weight of 0. */
function acceptedBy(header: string | string[] | undefined): (encoding: Encoding) => boolean {
  const named = `${header ?? ''}`
    .toLowerCase()
    .split(',')
    .map((each) => each.split(';').map((part) => part.trim()))
    .filter(([, weight]) => weight === undefined || !/^q=0(\.0*)?$/.test(weight))
    .map(([name]) => name);
  return (encoding) => encoding === 'identity' || named.includes(encoding);
}
