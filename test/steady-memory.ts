/**
 * Training for many steps as a worker does it, watched: memory, and how long each call into the
 * runtime takes.
 */

import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadDataset } from '../src/data/images/node/load-dataset.js';
import { carryOf } from '../src/engine/nn/carry.js';
import type { Network } from '../src/engine/nn/layers/network.js';
import { initialState, parametersOf } from '../src/engine/nn/layers/network.js';
import { onPixels, pixels } from '../src/engine/nn/models/normalize-pixels.js';
import { sgd } from '../src/engine/nn/optimizers.js';
import { compilePlan } from '../src/engine/nn/plan.js';
import { classification } from '../src/engine/nn/tasks/classification.js';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import { trainLocally } from '../src/training/local-training.js';
import { processorMs } from './slowness.js';

const SAMPLE = join(import.meta.dirname, 'fixtures/fashion-mnist-sample');

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

export interface Watched {
  /**
   * How much more memory the process held in the later half of the steps than in the earlier, after
   * a fifth to warm up, in MiB: the least of each half, since it breathes by some 40 above a floor
   * that stays, and a leak lifts the floor.
   */
  readonly growthMiB: number;
  /** Of the processor, in one call into the runtime. */
  readonly longestCallMs: number;
}

export async function watchTraining(own: Network, steps: number, batchSize = 64): Promise<Watched> {
  const { train: dataset } = await loadDataset(SAMPLE);
  const network = onPixels(own);
  const inputs = [pixels([1, 28, 28])];
  const plan = compilePlan({
    network,
    inputs,
    task: classification({ classes: 10 }),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize,
  });
  const session = await ortNode().open(plan.trainingModel, { carry: carryOf(plan) });
  let longestCallMs = 0;
  let calls = 0;
  const held: number[] = [];
  const training: typeof session = {
    ...session,
    async run(inputs, outputs) {
      const began = processorMs();
      const results = await session.run(inputs, outputs);
      longestCallMs = Math.max(longestCallMs, processorMs() - began);
      if (++calls % Math.ceil(steps / 40) === 0) {
        collectGarbage();
        held.push(process.memoryUsage().rss / 2 ** 20);
      }
      return results;
    },
  };
  const work = {
    participant: 'watched',
    round: 1,
    seed: 1,
    epochs: Number.POSITIVE_INFINITY,
    maxSteps: steps,
    learningRates: Float32Array.of(0.005),
    augmentation: { flip: true, shift: 2 },
  };
  const context = { plan, training, evaluation: session };
  const indices = Uint32Array.from({ length: dataset.examples }, (_, index) => index);
  const data = { dataset, train: indices, validation: new Uint32Array() };
  await trainLocally(context, data, initialState(parametersOf(network, inputs), 1).data, work);
  await session.release();
  const warm = held.slice(Math.ceil(held.length / 5));
  const half = Math.floor(warm.length / 2);
  return { growthMiB: Math.min(...warm.slice(half)) - Math.min(...warm.slice(0, half)), longestCallMs };
}
