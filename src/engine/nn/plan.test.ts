import { expect, it } from 'vitest';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { paperCnn } from './models/paper-cnn.js';
import { sgd } from './optimizers.js';
import { compilePlan } from './plan.js';
import { classification } from './tasks/classification.js';

const planOf = (batchSize: number, kernel = 3) =>
  compilePlan({
    network: onPixels(paperCnn({ kernel })),
    inputs: [pixels([1, 28, 28])],
    task: classification({ classes: 10 }),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize,
    evaluationBatchSize: batchSize,
  });

it('a plan of paper-cnn takes less than 40 kB', () => {
  const { trainingModel, evaluationModel } = planOf(64);
  expect(trainingModel.length + evaluationModel.length).toBeLessThan(40_000);
});

it('a plan does not grow with the batch', () => {
  const [small, large] = [planOf(8), planOf(512)];
  // Some extents take one byte more, and the numbers of the parts take four each.
  expect(large.trainingModel.length - small.trainingModel.length).toBeLessThan(2000);
  expect(large.evaluationModel.length - small.evaluationModel.length).toBeLessThan(500);
});

it('the same description compiles to the same bytes', () => {
  const [first, second] = [planOf(32), planOf(32)];
  expect(Buffer.compare(first.trainingModel, second.trainingModel)).toBe(0);
  expect(Buffer.compare(first.evaluationModel, second.evaluationModel)).toBe(0);
});
