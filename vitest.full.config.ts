import { defineConfig } from 'vitest/config';

// What takes minutes: real training runs on all of Fashion-MNIST. One file after the other, since they are timed.
export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    globalSetup: ['test/find-nats.ts'],
    // Their runs are killed at each fact.
    provide: { everyFact: true },
    include: [
      'src/federation/methods/{after-merge,fisher,refit}.test.ts',
      'src/**/*.full.test.ts',
      'test/**/*.full.test.ts',
      'bench/**/*.full.test.ts',
      'studies/**/*.full.test.ts',
    ],
  },
});
