// The runtimes in a real browser: headless Chromium of the system, on pages with and without cross-origin isolation.
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM, requires } from './test/requires.js';

const chromium = requires(CHROMIUM);

const ISOLATION = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
/** WebGPU on the CPU: slow, but the same interface. */
const SOFTWARE_GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

const pages = (name: string, headers: Record<string, string>, args: readonly string[], mode: string) => ({
  server: { headers },
  // Its WebAssembly lies beside its script.
  optimizeDeps: { exclude: ['onnxruntime-web'] },
  test: {
    name,
    globalSetup: ['test/browser/native.ts', 'test/browser/pictures.ts'],
    // `npm run test:full` follows training further: --mode full.
    provide: { everyCase: mode === 'full', trainingSteps: mode === 'full' ? 50 : 4 },
    testTimeout: 600_000,
    include: chromium === undefined ? [] : [`test/browser/*.${name}.test.ts`],
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      provider: playwright({
        // A sandbox of its own needs rights that a container's root does not have.
        launchOptions: { executablePath: chromium, args: [...args, '--no-sandbox'] },
      }),
      instances: [{ browser: 'chromium' as const }],
    },
  },
});

export default defineConfig(({ mode }) => ({
  test: {
    passWithNoTests: true,
    fileParallelism: false,
    projects: [pages('isolated', ISOLATION, SOFTWARE_GPU, mode), pages('plain', {}, [], mode)],
  },
}));
