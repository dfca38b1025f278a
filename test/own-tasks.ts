/**
 * Cases of data of other kinds than pictures with classes, each with a network and a task: numbers
 * of a table, counts, tokens with a category, and pictures with a mask of their pixels.
 */
import { poisson } from '../examples/own-task.js';
import { randomStream } from '../src/base/random.js';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import type { Dataset } from '../src/data/dataset.js';
import { mlp } from '../src/engine/nn/models/mlp.js';
import type { Extensions } from '../src/federation/plan/extensions.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { segmentation } from './segmentation.js';
import { distanceSet, maskSet, reader, SIDE, segmenter, sentenceSet } from './small-datasets.js';

const EXAMPLES = 60;
const random = randomStream('any task over a hub');
const distances = distanceSet(EXAMPLES, random);
const features = distances.inputs[0]!.values as Float32Array;
export const counts = arrayDataset({
  name: 'counts',
  inputs: [{ name: 'features', values: features, shape: [2] }],
  targets: [
    {
      name: 'count',
      values: Float32Array.from({ length: EXAMPLES }, (_, i) => Math.round(Math.exp(features[2 * i]!))),
    },
  ],
});
export const sentences = sentenceSet(EXAMPLES, random);
const masks = maskSet(EXAMPLES, random);

/** Ill from some point of the first feature on, with a little doubt. */
export const patients = arrayDataset({
  name: 'patients',
  inputs: [{ name: 'features', values: features, shape: [2] }],
  targets: [
    {
      name: 'diagnosis',
      values: Int32Array.from({ length: EXAMPLES }, (_, i) =>
        Number(features[2 * i]! + 0.3 * random.normal() > 0.4),
      ),
      meaning: { kind: 'categories', names: ['well', 'ill'] },
    },
  ],
});
const findings = arrayDataset({
  name: 'findings',
  inputs: [{ name: 'features', values: features, shape: [2] }],
  targets: [
    {
      name: 'found',
      values: Int32Array.from({ length: 3 * EXAMPLES }, (_, at) => {
        const [a, b] = [features[2 * Math.floor(at / 3)]!, features[2 * Math.floor(at / 3) + 1]!];
        return Number([a, b, a + b][at % 3]! > 0);
      }),
      shape: [3],
      meaning: { kind: 'categories', names: ['no', 'yes'] },
    },
  ],
});

/** The run of each case, unless its settings say otherwise. */
export const ownTaskRun = {
  partition: { name: 'dirichlet', participants: 2, alpha: 1 },
  model: { name: 'custom' },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  batchSize: 8,
  local: { epochs: 2 },
  rounds: 2,
} as const satisfies ConfigurationInput;

export interface OwnTaskCase {
  readonly dataset: Dataset;
  readonly settings: Partial<ConfigurationInput>;
  /** What coordinator and participants bring. */
  readonly extensions: Extensions;
  /** Of the task, the main one. */
  readonly metric: string;
}

export const ownTasks: Readonly<Record<string, OwnTaskCase>> = {
  'numbers of a table, and a number': {
    dataset: distances,
    settings: { task: { name: 'regression', unit: 'km' }, model: { name: 'mlp', hidden: [4] } },
    extensions: {},
    metric: 'rmse',
  },
  'a task of one’s own': {
    dataset: counts,
    settings: {},
    extensions: { network: mlp({ classes: 1, hidden: [4] }), task: poisson },
    metric: 'deviance',
  },
  'two classes by several metrics': {
    dataset: patients,
    settings: {
      model: { name: 'mlp', hidden: [4] },
      loss: { name: 'softmax-cross-entropy', classWeights: [1, 2] },
      metrics: ['f1-macro', 'auroc', 'average-precision', 'calibration-error'],
      ...{ finalRound: 'best', keep: 2, rounds: 5, bootstrap: 20 },
    },
    extensions: {},
    metric: 'f1-macro',
  },
  'tokens, and a category': {
    dataset: sentences,
    settings: {},
    extensions: { network: reader },
    metric: 'accuracy',
  },
  'numbers of a table, and a quantile': {
    dataset: distances,
    settings: {
      ...{ task: { name: 'regression' }, model: { name: 'mlp', hidden: [4] }, metrics: ['mae', 'r2'] },
      loss: { name: 'quantile', quantile: 0.9 },
    },
    extensions: {},
    metric: 'mae',
  },
  'several labels': {
    dataset: findings,
    settings: {
      ...{ task: { name: 'multi-label' }, model: { name: 'mlp', hidden: [4] } },
      metrics: ['f1-macro', 'exact-match', 'auroc', 'brier'],
    },
    extensions: {},
    metric: 'f1-macro',
  },
  'pictures, and a mask of their pixels': {
    dataset: masks,
    settings: {},
    extensions: { network: segmenter, task: segmentation(2, SIDE) },
    metric: 'iou',
  },
};
