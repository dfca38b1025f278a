import { defineConfig } from 'vitest/config';
import { compiledSources, loadedByNode } from './test/compiled-sources.js';

/**
 * Files in whose own thread ONNX Runtime runs: it leaves that thread without subnormal numbers. They
 * share processes with one another, and with no other file.
 */
export const engines = [
  'src/engine/{nn,onnx,runtime}/**/*.test.ts',
  'src/training/*.test.ts',
  'src/federation/coordinator/one-step-a-round.test.ts',
  'src/cli/commands/models.test.ts',
  'src/pages/join/worker/*.test.ts',
  'test/{arrays,weights-tell}.test.ts',
  'test/pytorch/*.test.ts',
];
/** What measures time and memory, or changes what belongs to the whole process. */
const measured = [
  'bench/*.test.ts',
  'test/{event-loop,steady-memory}.test.ts',
  'test/hostile/hub.test.ts',
  'test/pages/served-pages.test.ts',
  'src/base/node/*.test.ts',
];

const longer = '**/*.full.test.ts';

// Forks, not threads: a worker thread that runs ONNX Runtime must not be terminated from outside.
export const common = {
  pool: 'forks',
  // One limit for all, since no test shows anything by how long it takes: on a slow machine that
  // others load, too, the longest takes minutes.
  testTimeout: 600_000,
  hookTimeout: 300_000,
  expect: { poll: { timeout: 120_000 } },
} as const;

/** These files share processes, which keep what they have loaded for the next file: half the time. */
export const sharing = {
  isolate: false,
  setupFiles: ['test/kept-threads.ts', 'test/late-optimizing.ts', 'test/subnormals.ts'],
};

export default defineConfig({
  test: {
    globalSetup: ['test/find-chromium.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'alone',
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: measured,
          exclude: [longer],
        },
      },
      {
        plugins: [compiledSources()],
        test: {
          ...common,
          server: loadedByNode,
          isolate: false,
          name: 'engine',
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
          include: engines,
          exclude: [longer],
        },
      },
      {
        plugins: [compiledSources()],
        test: {
          ...common,
          server: loadedByNode,
          ...sharing,
          name: 'together',
          // They wait for other processes, for a server or a browser: two of them would leave a core with nothing to do.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
          globalSetup: ['test/find-nats.ts'],
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'studies/**/*.test.ts'],
          exclude: [longer, 'test/browser/**', ...engines, ...measured],
        },
      },
    ],
  },
});
