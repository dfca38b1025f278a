import { defineConfig } from 'vitest/config';
import whole from './vitest.config.js';

/** Of the room of federations, these train whole ones. */
const federations =
  'after-merge,attackers,compare-strategies,corrected-run,fisher,foreign-plan,kept-update,participant-work,refit,replay,run-*,serve-*,take-part,worker-pool';

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
        ['src/{evaluation,federation,files,nn,onnx,runtime}/**/*.test.ts'],
        [`src/federation/{${federations}}.test.ts`, 'src/evaluation/fisher-information.test.ts'],
        true,
      ),
      // Elsewhere a process keeps what it has loaded for the next file, which halves the time.
      rooms(
        'plain',
        [
          'src/{attack,autodiff,data,graph,merge,partition,protocol,report,tensor}/**/*.test.ts',
          'test/{docs,layout}.test.ts',
        ],
        ['src/report/report-run.test.ts'],
        false,
      ),
    ],
  },
});
