/**
 * The pages that a hub serves: the dashboard at `/`, the page by which a browser takes part at `/join`, as they were built. They
 * are no secret, and ask for no token: what they show does. Their headers let nothing in from elsewhere, and isolate them from
 * pages of other origins, without which a browser gives WebAssembly no threads. Node only.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { serveStatic } from '@hono/node-server/serve-static';
import { type Env, Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';

const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
    // ONNX Runtime begins its threads by an address of their own making.
    workerSrc: ["'self'", 'blob:'],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:', 'blob:'],
    connectSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
  crossOriginEmbedderPolicy: 'require-corp',
  crossOriginOpenerPolicy: 'same-origin',
  crossOriginResourcePolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  // A hub may be reached by TLS today and without tomorrow: that is its operator's to say.
  strictTransportSecurity: false,
});

/** Where the build puts the pages. */
const folder = () =>
  join(dirname(createRequire(import.meta.url).resolve('commonweight/package.json')), 'dist/pages');

export function pages<Environment extends Env>(): Hono<Environment> {
  const root = folder();
  const app = new Hono<Environment>();
  if (!existsSync(root)) {
    // From a clone that was not built.
    for (const path of ['/', '/join'])
      app.get(path, (c) => c.text('the pages are not built: npm run build', 501));
    return app;
  }
  const page = (name: string) =>
    serveStatic<Environment>({ root, path: `${name}/index.html`, precompressed: true });
  for (const [path, name] of [
    ['/', 'watch'],
    ['/join', 'join'],
  ] as const) {
    app.get(
      path,
      headers,
      async (c, next) => {
        // The page may change with the hub's version; what it loads has its hash in its name.
        c.header('cache-control', 'no-cache');
        await next();
      },
      page(name),
    );
  }
  app.get(
    '/assets/*',
    headers,
    async (c, next) => {
      await next();
      if (c.res.ok) c.header('cache-control', 'public, max-age=31536000, immutable');
    },
    serveStatic<Environment>({ root, precompressed: true }),
  );
  return app;
}
