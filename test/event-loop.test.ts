import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runFederation } from '../src/federation/coordinator/run-federation.js';
import { mergeFiles } from '../src/merge/files/merge-files.js';
import { mean } from '../src/merge/strategies/mean.js';
import { encodeSafetensors } from '../src/tensor/safetensors.js';
import { stateLayout } from '../src/tensor/state-dict.js';
import { longestHold } from './event-loop.js';
import { slowProcessor } from './slowness.js';

const SAMPLE = join(import.meta.dirname, 'fixtures/fashion-mnist-sample');

/** What a slower processor takes longer for counts as much less. */
const mostMs = 200 * slowProcessor();

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'event-loop-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each([
  ['a few', { participants: 3, rounds: 2, compare: ['max', 'absmax'], pooled: true }],
  // Each with first weights of its own to draw, and 780 pairs whose drift is compared.
  ['many', { participants: 40, rounds: 1, initialWeights: 'independent' as const }],
])(
  'a run of %s never holds up the main thread for 200 ms, from the data to the last file',
  async (name, settings) => {
    const { participants, ...others } = settings;
    let runs = 0;
    const hold = await longestHold(mostMs, async () => {
      const { result } = await runFederation(
        {
          dataset: SAMPLE,
          partition: { name: 'iid', participants },
          model: { name: 'mlp' },
          optimizer: { name: 'sgd', learningRate: 0.01 },
          local: { epochs: 1 },
          ...others,
        },
        { out: join(folder, `${name}-${runs++}`), workers: 2 },
      );
      expect(result.rounds).toHaveLength(settings.rounds);
    });
    expect(hold).toBeLessThan(mostMs);
  },
);

it('merging files lets others have a turn, even while it looks for where equal files differ', async () => {
  const layout = stateLayout([['weight', [2 ** 23]]]);
  const path = join(folder, 'model.safetensors');
  await writeFile(path, encodeSafetensors({ layout, data: new Float32Array(2 ** 23).fill(0.5) }));
  const inputs = Array<string>(12).fill(path);
  const output = join(folder, 'merged.safetensors');
  // One of one's own has no second thread, whose start would be measured too.
  const strategy = { ...mean(), name: 'mine' };
  const hold = await longestHold(mostMs, () => mergeFiles({ inputs, strategy, output }));
  expect(Buffer.compare(await readFile(output), await readFile(path))).toBe(0);
  expect(hold).toBeLessThan(mostMs);
});

it.each([
  ['computes', computeFor],
  ['sleeps', sleepFor],
])('who %s in the main thread is seen', async (_, block) => {
  const hold = await longestHold(200, async () => {
    await setTimeout(10);
    block(300);
    await setTimeout(10);
  });
  expect(hold).toBeGreaterThan(200);
});

/** Time on a core, however many others want it. */
function computeFor(milliseconds: number): void {
  const before = process.cpuUsage();
  const passedMs = () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
  while (passedMs() < milliseconds);
}

function sleepFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
