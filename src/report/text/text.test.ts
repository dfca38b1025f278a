import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import type { RunResult } from '../../federation/record/run-result.js';
import { classificationMetrics } from '../../metrics/classification.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { bar, byteSize, count, duration, percent, plural } from '../numbers.js';
import { textTable, wrapped } from '../text-table.js';
import type { Words } from '../words.js';
import { evaluationReport, evaluationResult } from './evaluation-report.js';
import { outcome } from './outcome.js';
import { epochLine, progressCells } from './progress-line.js';

const ofImages: Words = { example: 'image', examples: 'images', units: 'images' };

describe('numbers', () => {
  it('read as people write them', () => {
    expect(percent(0.91406)).toBe('91.41%');
    expect(count(60000)).toBe('60,000');
    expect([plural(1, 'epoch'), plural(15, 'epoch')]).toEqual(['1 epoch', '15 epochs']);
    expect([0.25, 41.6, 133, 3600 * 2 + 65].map(duration)).toEqual([
      '0.3 s',
      '42 s',
      '2 min 13 s',
      '2 h 1 min',
    ]);
    expect([0, 999, 26421880, 3e9].map(byteSize)).toEqual(['0 bytes', '999 bytes', '26.4 MB', '3.0 GB']);
    expect([-1, 0, 0.5, 1, 2].map((part) => bar(part, 4))).toEqual(['░░░░', '░░░░', '██░░', '████', '████']);
  });
});

describe('plain text', () => {
  it('stands in columns', () => {
    expect(
      textTable([
        ['a', '1', 'x'],
        ['long', '1000'],
        ['b', '', 'yes'],
      ]),
    ).toEqual(['a        1    x', 'long  1000', 'b           yes']);
  });

  it('is wrapped between words', () => {
    expect(wrapped('one two three four', 9, 2)).toBe('one two\n  three\n  four');
  });
});

describe('progress', () => {
  const progress = {
    participant: 'environment-1',
    round: 1,
    epoch: 2,
    epochs: 15,
    step: 5,
    steps: 10,
    epochDone: false,
    examplesLeft: 12_000,
    examplesPerSecond: 1234.5,
    unitsPerSecond: 1234.5,
    loss: 0.41234,
    validation: { accuracy: 0.8812 },
  };

  it('shows epoch, bar, speed, loss, accuracy and time left', () => {
    expect(progressCells(progress, classificationMetrics[0], ofImages, 4)).toEqual([
      'environment-1',
      'epoch 2/15',
      '██░░',
      '1,235 images/s',
      'loss 0.4123',
      'validation 88.12%',
      '9.7 s left',
    ]);
  });

  it('is one line at the end of an epoch', () => {
    expect(
      epochLine({ ...progress, examplesLeft: 0, validation: undefined }, classificationMetrics[0], ofImages),
    ).toBe('round 1  environment-1  epoch 2/15  loss 0.4123  1,235 images/s');
  });
});

describe('an outcome', () => {
  const settings = parseConfiguration(
    {
      partition: { name: 'v' },
      model: { name: 'mlp' },
      optimizer: { name: 'adam' },
      local: { epochs: 1 },
      rounds: 2,
      reference: 0.9,
    },
    'test',
  );
  const result = (stopped: RunResult['stopped'], copy: number): RunResult => ({
    dataset: 'fashion-mnist',
    partition: settings.partition,
    seed: 0,
    strategy: 'mean',
    settings,
    versions: {},
    metrics: classificationMetrics,
    participants: ['environment-1', 'environment-2'],
    rounds: [
      {
        round: 1,
        seconds: 1,
        participants: [],
        merged: { mean: { test: { accuracy: 0.89 } } },
        copied: [
          { name: 'environment-1', validation: { accuracy: 0.95 } },
          { name: 'environment-2', validation: { accuracy: copy } },
        ],
      },
    ],
    pooled: { test: { accuracy: 0.91 } },
    stopped,
  });

  it('says in words why the run stopped', () => {
    expect(outcome(result({ reason: 'every-participant-passed', round: 1 }, 0.92), ofImages)).toEqual([
      'finished in round 1: the copied model reaches the reference 90.00% with every participant',
      'the merged model (mean, round 1) has 89.00% on the test images',
      'pooled: the same mlp, trained on all the data together, has 91.00%',
    ]);
    expect(outcome(result({ reason: 'max-rounds', round: 1 }, 0.8), ofImages)[0]).toBe(
      'finished: 1 round done; the copied model stays below the reference 90.00% with environment-2 (80.00%)',
    );
    expect(outcome(result({ reason: 'interrupted', round: 2 }, 0.8), ofImages)[0]).toBe(
      'interrupted in round 2',
    );
    expect(outcome(result({ reason: 'diverged', round: 2 }, 0.8), ofImages)[0]).toBe(
      'training diverged in round 2',
    );
  });
});

describe('an evaluation', () => {
  const metrics = classified({
    examples: 5,
    correct: 3,
    lossSum: 2.5,
    confusion: [2, 0, 0, 1, 1, 1, 0, 0, 0],
  });

  it('counts every class; one without examples has no accuracy', () => {
    expect(evaluationResult('m', 'd', ['cat', 'dog', 'eel'], metrics)).toEqual({
      model: 'm',
      dataset: 'd',
      ...{ examples: 5, part: 'test' },
      metrics: classificationMetrics,
      figures: { accuracy: 0.6, loss: 0.5 },
      classes: [
        { name: 'cat', examples: 2, accuracy: 1 },
        { name: 'dog', examples: 3, accuracy: 1 / 3 },
        { name: 'eel', examples: 0, accuracy: null },
      ],
      confusion: [
        [2, 0, 0],
        [1, 1, 1],
        [0, 0, 0],
      ],
    });
  });

  it('shows the matrix, or the commonest mistakes where it is too wide', () => {
    const result = evaluationResult('m', 'd', ['cat', 'dog', 'eel'], metrics);
    expect(evaluationReport(result)).toMatch(/^accuracy 60\.00%, loss 0\.5 on 5 test images of d\n/);
    expect(evaluationReport(result)).toContain('       0  1  2\n0 cat  2  ·  ·\n1 dog  1  1  1');
    expect(evaluationReport(result, 10)).toContain('dog  taken for cat  1\ndog  taken for eel  1');
  });
});
