import { defineConfig } from 'vitest/config';
import whole from './vitest.config.js';

/** Of federations and their plans, these train whole ones. */
const federations =
  'after-merge,attackers,corrected-run,fisher,foreign-plan,kept-update,one-step-a-round,own-partition,participant-work,refit,run-*,serve-*,take-part';

const rooms = (name: string, include: readonly string[], exclude: readonly string[], isolate: boolean) => ({
  test: {
    ...whole.test,
    name,
    isolate,
    globalSetup: [],
    include: [...include],
    exclude: ['**/*.full.test.ts', ...exclude],
  },
});

// What says within a minute whether something is broken: no servers, no browsers, no other programs.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // ONNX Runtime leaves its thread without subnormal numbers: where it runs, each file has a process of its own.
      rooms(
        'engine',
        [
          'src/{training,federation,engine/nn,engine/onnx,engine/runtime}/**/*.test.ts',
          'src/base/node/*.test.ts',
        ],
        [
          `src/federation/**/{${federations}}.test.ts`,
          'src/training/fisher-information.test.ts',
          'src/training/threads/node/*.test.ts',
        ],
        true,
      ),
      // Elsewhere a process keeps what it has loaded for the next file, which halves the time.
      rooms(
        'plain',
        [
          'src/{attack,base,data,merge,metrics,protocol,report,tensor}/**/*.test.ts',
          'src/engine/{autodiff,graph}/*.test.ts',
          'test/{docs,layout}.test.ts',
        ],
        ['src/report/pages/report-run.test.ts', 'src/base/node/*.test.ts'],
        false,
      ),
    ],
  },
});
