import { describe, expect, it } from 'vitest';
import type { ColumnFacts, DataFacts } from '../../data/dataset.js';
import { parametersOf } from '../../engine/nn/layers/network.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { learnerOf } from './learner.js';

const inputs: ColumnFacts[] = [{ name: 'x', dtype: 'f32', shape: [2], meaning: { kind: 'number' } }];
const target = (names: readonly string[], shape: readonly number[] = []): DataFacts => ({
  inputs,
  targets: [{ name: 'y', dtype: 'i32', shape, meaning: { kind: 'categories', names } }],
});
const words: ColumnFacts = {
  ...{ name: 'words', dtype: 'i32', shape: [5] },
  meaning: { kind: 'tokens', vocabulary: 9, padding: 0 },
};

const masks = (names: readonly string[] = ['ground', 'road']): DataFacts => ({
  inputs: [{ name: 'images', dtype: 'u8', shape: [3, 8, 12], meaning: { kind: 'picture' } }],
  targets: [
    {
      ...{ name: 'mask', dtype: 'i32', shape: [8, 12] },
      meaning: { kind: 'categories', names, ignored: 255 },
    },
  ],
});
const ofMasks = { task: { name: 'segmentation' }, model: { name: 'unet' } } as const;

function learner(change: Partial<ConfigurationInput>, facts: DataFacts) {
  const settings = {
    ...{ partition: { name: 'iid', participants: 2 }, model: { name: 'mlp', hidden: [4] } },
    ...{ optimizer: { name: 'adam' }, local: { epochs: 1 }, rounds: 1, ...change },
  };
  return learnerOf(parseConfiguration(settings, 'test'), facts, {}, 'test');
}

describe('what is learned', () => {
  it('is measured by the metrics of the settings', () => {
    const { task } = learner({ metrics: ['sensitivity', 'loss', 'auroc'] }, target(['well', 'ill']));
    expect(task.metrics.map(({ name }) => name)).toEqual(['sensitivity', 'auroc']);
  });

  it('may be texts, read with their vocabulary', () => {
    const facts = { ...target(['a', 'b']), inputs: [words] };
    const { network, inputs } = learner({ model: { name: 'bag-of-embeddings', width: 4 } }, facts);
    const shapes = parametersOf(network, inputs).map(({ name, shape }) => [name, ...shape]);
    expect(shapes).toEqual([
      ['embedding.weight', 9, 4],
      ['fc.weight', 2, 4],
      ['fc.bias', 2],
    ]);
  });

  it('are labels, where the target has 0 or 1 for each', () => {
    const { task } = learner({ task: { name: 'multi-label' } }, target(['no', 'yes'], [3]));
    expect([task.name, task.output]).toEqual(['multi-label', [3]]);
  });

  it('are masks, where the target has a class for each pixel', () => {
    const { task } = learner({ ...ofMasks, metrics: ['dice'] }, masks());
    expect([task.name, task.output, task.unit]).toEqual(['segmentation', [2, 8, 12], 'pixel']);
    expect(task.targets).toEqual([{ name: 'mask', dtype: 'i32', shape: [8, 12] }]);
    expect(task.metrics.map(({ name }) => name)).toEqual(['dice']);
  });

  it.each([
    [
      'a network of vectors for masks',
      { ...ofMasks, model: { name: 'resnet8' } },
      masks(),
      /"model.name" is "resnet8", which gives a vector, but the task "segmentation" is about \[2,8,12\]/,
    ],
    [
      'a network of masks for classes',
      { model: { name: 'unet' } },
      target(['a', 'b']),
      /"model.name" is "unet", which gives a map of scores, but the task "classification" is about \[2\]/,
    ],
    [
      'masks of no picture',
      ofMasks,
      { ...masks(), inputs },
      /"unet", which reads pictures, but the data have x f32\[2\]/,
    ],
    [
      'a network of texts for numbers',
      { model: { name: 'transformer' } },
      target(['a', 'b']),
      /"transformer", which reads the tokens of texts, but the data have x f32\[2\]/,
    ],
    [
      'a network of numbers for texts',
      { model: { name: 'mlp' } },
      { ...target(['a', 'b']), inputs: [words] },
      /"mlp", which does not read the tokens of texts.*have words i32\[5\]/,
    ],
    ['masks of one class', ofMasks, masks(['ground']), /expected a mask of two categories or more/],
    [
      'no mask',
      ofMasks,
      target(['a', 'b']),
      /"task" is "segmentation".*expected a mask, i32\[height,width\]/,
    ],
    [
      'weights of other classes of masks',
      { ...ofMasks, loss: { name: 'softmax-cross-entropy', classWeights: [1, 2, 3] } },
      masks(),
      /"loss.classWeights" has 3 numbers, expected one for each of the 2 classes/,
    ],
    [
      'a sensitivity of three',
      { metrics: ['sensitivity'] },
      target(['a', 'b', 'c']),
      /"metrics" has sensitivity.*two classes.*have 3/,
    ],
    [
      'areas of very many',
      { metrics: ['auroc'] },
      target(Array.from({ length: 101 }, (_, c) => `class ${c}`)),
      /"metrics" has auroc, for at most 100 classes, but the data have 101/,
    ],
    [
      'weights of others',
      { loss: { name: 'softmax-cross-entropy', classWeights: [1, 2, 3] } },
      target(['well', 'ill']),
      /"loss.classWeights" has 3 numbers, expected one for each of the 2 classes/,
    ],
    [
      'labels of three values',
      { task: { name: 'multi-label' } },
      target(['no', 'yes', 'perhaps'], [3]),
      /"task" is "multi-label".*expected 0 or 1 for each label/,
    ],
    [
      'labels that are one class',
      { task: { name: 'multi-label' } },
      target(['no', 'yes']),
      /expected 0 or 1 for each label/,
    ],
  ] satisfies [string, Partial<ConfigurationInput>, DataFacts, RegExp][])(
    'is refused with %s',
    (_, change, facts, message) => {
      expect(() => learner(change, facts)).toThrow(message);
    },
  );
});
