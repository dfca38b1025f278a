import { defineConfig } from 'vitest/config';
import { compiledSources, loadedByNode } from './test/compiled-sources.js';
import { common, engines, sharing } from './vitest.config.js';

/** Of federations and their plans, these train whole ones. */
const federations =
  'after-merge,any-task,attackers,coded-run,constants,continued-run,coordinator/own-tensors,coordinator/shared-sums,coordinator/site-statistics,corrected-run,fisher,foreign-plan,gpu-run,kept-update,one-step-a-round,operator-acts,own-partition,participant-work,refit,run-*,serve*,take-part';

const rooms = (name: string, include: readonly string[], exclude: readonly string[], process = {}) => ({
  plugins: [compiledSources()],
  test: {
    ...common,
    server: loadedByNode,
    ...process,
    name,
    maxWorkers: 2,
    include: [...include],
    exclude: ['**/*.full.test.ts', ...exclude],
  },
});

// What says within a minute whether something is broken: no servers, no browsers, no other programs.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      // Its tests replace modules of Node in the sources.
      { ...rooms('alone', ['src/base/node/*.test.ts'], []), plugins: [] },
      rooms(
        'engine',
        engines,
        [
          'src/training/{fisher-information,gpu-steps}.test.ts',
          'src/engine/runtime/node/ort-node-gpu.test.ts',
          'src/{cli,pages,federation}/**',
          'test/**',
        ],
        { isolate: false },
      ),
      rooms(
        'together',
        [
          'src/{attack,base,data,federation,merge,metrics,protocol,report,tensor}/**/*.test.ts',
          'src/engine/{autodiff,graph}/*.test.ts',
          'test/{docs,layout}.test.ts',
        ],
        [
          ...engines,
          'src/base/node/*.test.ts',
          `src/federation/**/{${federations}}.test.ts`,
          'src/report/pages/report-run.test.ts',
        ],
        sharing,
      ),
    ],
  },
});
