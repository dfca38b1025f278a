// The pages that a hub serves: src/pages → dist/pages. Everything that they need lies there; nothing comes from elsewhere.
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const page = (name: string) => resolve(import.meta.dirname, `src/pages/${name}/index.html`);

/** That ONNX Runtime's files take a while is known. */
const quiet = { checks: { bundlerTimings: false } };

export default defineConfig({
  root: 'src/pages',
  build: {
    outDir: '../../dist/pages',
    emptyOutDir: true,
    target: 'es2023',
    // ONNX Runtime's files are served as they are.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // What draws charts is one piece of this size.
    chunkSizeWarningLimit: 600,
    rolldownOptions: { input: { watch: page('watch'), join: page('join') }, ...quiet },
  },
  worker: { format: 'es', rolldownOptions: quiet },
});
