import { describe, expect, it } from 'vitest';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { layoutSize } from '../../tensor/state-dict.js';
import { readModel } from '../onnx/import/read-model.js';
import { correctionOf, networkOf, optimizerOf } from './by-name.js';
import { compileFisherPlan } from './fisher-plan.js';
import { onPixels, pixels } from './models/normalize-pixels.js';
import { compilePlan, type PlanOptions } from './plan.js';
import { evaluationSignature, signatureProblem, sumSignature, trainingSignature } from './plan-signature.js';
import { meanSquaredError } from './tasks/class-losses.js';
import { classification } from './tasks/classification.js';

const classes = 3;
const inputs = [pixels([1, 28, 28])];
const models: readonly Exclude<Configuration['model'], { name: 'custom' }>[] = [
  { name: 'mlp', hidden: [6], dropout: 0.5 },
  { name: 'lenet5' },
  { name: 'paper-cnn', kernel: 5, dropout: 0.2 },
  { name: 'resnet8' },
];
const sgd = { name: 'sgd', learningRate: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 } as const;
const adam = {
  name: 'adamw',
  learningRate: 0.1,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.1,
} as const;

function check(options: Partial<PlanOptions> & Pick<PlanOptions, 'network'>) {
  const plan = compilePlan({
    ...{ inputs, task: classification({ classes }), optimizer: optimizerOf(sgd), batchSize: 6 },
    ...options,
  });
  const [training, evaluation] = [
    readModel(plan.trainingModel, 'the training model'),
    readModel(plan.evaluationModel, 'the evaluation model'),
  ];
  expect(signatureProblem(training, trainingSignature(plan, classes))).toBeUndefined();
  expect(signatureProblem(evaluation, evaluationSignature(plan))).toBeUndefined();
  return { plan, training };
}

describe('a plan that is compiled here', () => {
  it.each(models)('has nothing in it that is refused, and the signature that is expected: $name', (model) => {
    const network = onPixels(networkOf(model, classes), { mean: [0.5], deviation: [0.5] });
    for (const partBytes of [2 ** 30, 1]) check({ network, partBytes, clipNorm: 1 });
    const task = classification({ classes, loss: meanSquaredError() });
    const { plan } = check({ network, optimizer: optimizerOf(adam), task });
    const fisher = compileFisherPlan({ network, inputs });
    const signature = readModel(fisher.model, 'the Fisher model');
    expect(signatureProblem(signature, sumSignature(plan, fisher))).toBeUndefined();
  });

  it.each([
    { name: 'fed-prox', mu: 0.1 },
    { name: 'scaffold' },
    { name: 'fed-rs', alpha: 0.5 },
    { name: 'fed-lc', tau: 1 },
    { name: 'fed-ntd', beta: 1, temperature: 1 },
    { name: 'fed-babu' },
  ] as const)('has them with the correction $name too', (correction) => {
    const network = onPixels(networkOf({ name: 'mlp', hidden: [4], dropout: 0 }, classes));
    for (const partBytes of [2 ** 30, 1]) check({ network, partBytes, correction: correctionOf(correction) });
  });
});

describe('a model that does not fit', () => {
  const { plan, training } = check({
    network: onPixels(networkOf({ name: 'mlp', hidden: [4], dropout: 0 }, classes)),
  });
  const expected = trainingSignature(plan, classes);
  const size = layoutSize(plan.layout);
  const [first, ...others] = training.inputs;
  const [output, ...outputs] = training.outputs;

  it.each([
    [{ inputs: [...others, { ...first!, shape: [size + 1] }] }, `its input "${first?.name}" is`],
    [
      { inputs: [...others, { ...first!, name: 'labels of others' }] },
      'input "labels of others" is not expected',
    ],
    [{ inputs: [...training.inputs, first!] }, `it has two input "${first?.name}"`],
    [{ outputs }, `it does not give "${output?.name}"`],
    [{ outputs: [...training.outputs, { ...output!, name: 'pixels' }] }, 'output "pixels" is not expected'],
    [{ outputs: [...outputs, { ...output!, type: 'u8' as const }] }, `its output "${output?.name}" is u8`],
  ])('is refused in words: %#', (changes, problem) => {
    expect(signatureProblem({ ...training, ...changes }, expected)).toContain(problem);
  });
});
