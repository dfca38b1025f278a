/** What a thread keeps between its tasks. */
import { expect, it } from 'vitest';
import { allIndices } from '../data/batches/batches.js';
import { batchesHere } from '../data/batches/training-batches.js';
import { imageDataset } from '../data/images/image-dataset.js';
import { initialState, parametersOf } from '../engine/nn/layers/network.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { sgd } from '../engine/nn/optimizers.js';
import { compilePlan } from '../engine/nn/plan.js';
import { classification } from '../engine/nn/tasks/classification.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import type { Runtime } from '../engine/runtime/runtime.js';
import { taskWork } from './task-work.js';
import type { FromWorker } from './tasks.js';

const EXAMPLES = 4;

/** Trains, evaluates twice and trains again. @returns how many sessions were open after each */
async function openAfterEach(side: number, givesBack: boolean) {
  const dataset = imageDataset({
    ...{ name: 'nothing', channels: 1, height: side, width: side, classNames: ['a', 'b'] },
    images: new Uint8Array(EXAMPLES * side * side),
    labels: Uint8Array.of(0, 1, 0, 1),
  });
  const inputs = [pixels([1, side, side])];
  const network = onPixels(mlp({ hidden: [1], classes: 2 }), { mean: [0], deviation: [1] });
  const task = classification({ classes: 2 });
  const plan = compilePlan({ network, inputs, task, optimizer: sgd(), batchSize: EXAMPLES });
  const { data: base } = initialState(parametersOf(network, inputs), 'task work');
  let open = 0;
  const native = ortNode();
  const runtime: Runtime = {
    ...native,
    async open(...args) {
      const session = await native.open(...args);
      open++;
      return {
        ...session,
        release() {
          open--;
          return session.release();
        },
      };
    },
  };
  const said: FromWorker['type'][] = [];
  const work = taskWork({
    ...{ runtime, givesBack, setup: { plan, train: dataset, test: dataset }, keepGoing: () => true },
    batchesOf: (of) => (asked) => batchesHere(of, asked),
    send: ({ type }) => said.push(type),
  });
  const all = allIndices(dataset);
  const once = { participant: 'a', round: 1, seed: 1, epochs: 1, learningRates: Float32Array.of(0.1) };
  const training = { type: 'train', work: once, base, train: all, validation: all } as const;
  const evaluating = { type: 'evaluate', state: base, examples: { source: 'test', indices: all } } as const;
  const after: number[] = [];
  for (const [id, one] of [training, evaluating, evaluating, training].entries()) {
    await work.answer({ type: 'task', id, task: one });
    after.push(open);
  }
  expect(said.filter((type) => type !== 'progress')).toEqual(['done', 'done', 'done', 'done']);
  await work.release();
  expect(open).toBe(0);
  return after;
}

it('a thread keeps its sessions, but for that of a large step where it gives memory back', async () => {
  expect(await openAfterEach(1024, true)).toEqual([2, 1, 1, 2]);
  expect(await openAfterEach(1024, false)).toEqual([2, 2, 2, 2]);
  expect(await openAfterEach(32, true)).toEqual([2, 2, 2, 2]);
});
