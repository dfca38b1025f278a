import { describe, expect, it } from 'vitest';
import { networkOf } from './by-name.js';
import { evaluationBatchOf, MOST_EVALUATED } from './evaluation-batch.js';
import { layoutOf, parametersOf } from './layers/network.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { modelSchema } from './settings.js';
import { classification } from './tasks/classification.js';
import { evaluationStep } from './training-step.js';
import { workingSetBytes } from './working-set.js';

const names = ['mlp', 'lenet5', 'paper-cnn', 'resnet8'] as const;

function descriptionOf(name: (typeof names)[number], side: number) {
  const model = modelSchema.parse({ name });
  if (model.name === 'custom') throw new Error(name);
  const network = onPixels(networkOf(model, 10));
  const inputs = [pixels([3, side, side])];
  const layout = layoutOf(parametersOf(network, inputs));
  return { network, inputs, layout, task: classification({ classes: 10 }) };
}

describe.each(names)('%s', (name) => {
  it.each([28, 32])('evaluates 25 pictures of %i pixels at a time', (side) => {
    expect(evaluationBatchOf(descriptionOf(name, side))).toBe(MOST_EVALUATED);
  });
});

it.each([
  ['lenet5', 96],
  ['resnet8', 96],
  ['paper-cnn', 96],
  ['resnet8', 160],
] as const)('%s evaluates as many pictures of %i pixels as take 16 MiB', (name, side) => {
  const description = descriptionOf(name, side);
  const size = evaluationBatchOf(description);
  expect(size).toBeGreaterThanOrEqual(1);
  const bytes = (examples: number) => workingSetBytes(evaluationStep(description, examples));
  expect(bytes(size)).toBeLessThanOrEqual(2 ** 24);
  expect(bytes(size + 1)).toBeGreaterThan(2 ** 24);
});

it('a picture that takes more than that is evaluated alone', () => {
  expect(evaluationBatchOf(descriptionOf('paper-cnn', 224))).toBe(1);
});
