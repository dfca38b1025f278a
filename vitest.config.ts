import { defineConfig } from 'vitest/config';

// Forks, not threads: a worker thread that runs ONNX Runtime must not be terminated from outside.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    globalSetup: ['test/find-nats.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts', 'studies/**/*.test.ts'],
    exclude: ['**/*.full.test.ts', 'test/browser/**', 'node_modules/**'],
  },
});
