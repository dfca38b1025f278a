// Compiles src/ into dist/, afresh: a module that has moved must not live on in the package; and
// the pages into dist/pages/.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'vite';

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
// Types are checked by `npm run typecheck`, of which this is half.
const compile = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--noCheck'];
execFileSync(process.execPath, compile, { stdio: 'inherit' });
await build({ configFile: 'vite.config.ts', logLevel: 'warn' });
await build({
  configFile: false,
  logLevel: 'warn',
  build: {
    outDir: 'dist/report/charts',
    emptyOutDir: false,
    target: 'node20',
    license: { fileName: 'echarts.licenses.md' },
    lib: { entry: 'src/report/charts/echarts.ts', formats: ['es'], fileName: () => 'echarts.js' },
  },
});
// What starts often, as few files: opening some 600 modules took half of the time in which a command
// starts. These files take the place of what was compiled, until the next `tsc` puts that back.
const asFewFiles = { configFile: false, logLevel: 'warn' };
// The libraries, too; but not what has native code or threads, what is optional, charts, which the
// library has, and `ws`, whose messages test/kill/moments.mjs watches.
const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const apart = ['onnxruntime-node', 'pino', 'ws', ...Object.keys(peerDependencies)];
await build({
  ...asFewFiles,
  ssr: { noExternal: true, external: apart },
  plugins: [
    {
      name: 'charts-of-the-library',
      enforce: 'pre',
      resolveId: (name) => (name === './echarts.js' ? { id: '#echarts', external: true } : undefined),
    },
  ],
  build: {
    ssr: 'src/cli/main.ts',
    outDir: 'dist/cli',
    target: 'node20',
    license: { fileName: 'licenses.md' },
    rolldownOptions: { output: { chunkFileNames: 'chunks/[name]-[hash].js' } },
  },
});
for (const thread of [
  'data/images/node/decoder-process',
  'merge/files/merge-worker',
  'training/threads/node/feeder',
  'training/threads/node/worker',
]) {
  await build({
    ...asFewFiles,
    build: {
      ssr: `src/${thread}.ts`,
      outDir: join('dist', dirname(thread)),
      emptyOutDir: false,
      target: 'node20',
      rolldownOptions: { output: { codeSplitting: false } },
    },
  });
}
for (const entry of readdirSync('dist/pages', { recursive: true, withFileTypes: true })) {
  if (entry.isFile()) compress(join(entry.parentPath, entry.name));
}
if (existsSync('dist/cli/main.js')) chmodSync('dist/cli/main.js', 0o755);

/**
 * Beside the file, so that a hub need not do it at every request. ONNX Runtime's WebAssembly is
 * kept as gzip alone, or it would be in the package three times: every browser takes that, and
 * brotli only by TLS.
 */
function compress(file) {
  const bytes = readFileSync(file);
  const gzip = gzipSync(bytes, { level: 9 });
  if (file.endsWith('.wasm')) {
    writeFileSync(`${file}.gz`, gzip);
    rmSync(file);
    return;
  }
  const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
  writeFileSync(`${file}.gz`, gzip);
}
