import { describe, expect, it } from 'vitest';
import type { ColumnFacts, DataFacts } from '../../data/dataset.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { learnerOf } from './learner.js';

const inputs: ColumnFacts[] = [{ name: 'x', dtype: 'f32', shape: [2], meaning: { kind: 'number' } }];
const target = (names: readonly string[], shape: readonly number[] = []): DataFacts => ({
  inputs,
  targets: [{ name: 'y', dtype: 'i32', shape, meaning: { kind: 'categories', names } }],
});

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

  it('are labels, where the target has 0 or 1 for each', () => {
    const { task } = learner({ task: { name: 'multi-label' } }, target(['no', 'yes'], [3]));
    expect([task.name, task.output]).toEqual(['multi-label', [3]]);
  });

  it.each([
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
