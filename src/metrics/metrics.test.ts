import { describe, expect, it } from 'vitest';
import { classified } from '../../test/classified.js';
import { figuresOf } from './classification.js';
import { accuracyByClass, confusionRows } from './confusion.js';
import { addMetrics } from './metrics.js';

const part = (label: number, prediction: number) =>
  classified({
    ...{ examples: 1, correct: Number(label === prediction), lossSum: 0.5 },
    confusion: Array.from({ length: 4 }, (_, cell) => Number(cell === 2 * label + prediction)),
    answers: { labels: Uint8Array.of(label), predictions: Uint8Array.of(prediction) },
  });

describe('metrics of parts', () => {
  it('add up, and their answers follow one another', () => {
    const sum = addMetrics([part(0, 0), part(1, 0)]);
    expect(sum).toMatchObject({
      ...{ examples: 2, counted: 2, lossSum: 1 },
      sums: { correct: Float64Array.of(1), confusion: Float64Array.of(1, 0, 1, 0) },
      answers: { labels: Uint8Array.of(0, 1), predictions: Uint8Array.of(0, 0) },
    });
    expect(confusionRows(sum)).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(accuracyByClass(sum)).toEqual([1, 0]);
  });

  it('come to figures of all of them, not to a mean of theirs', () => {
    expect(figuresOf(addMetrics([part(0, 0), part(1, 0), part(1, 1)]))).toEqual({
      accuracy: 2 / 3,
      loss: 0.5,
    });
  });

  it('of nothing have no figure but the loss', () => {
    expect(figuresOf(classified({ examples: 0, correct: 0 }))).toEqual({ loss: 0 });
  });

  it('have answers only where every part has them', () => {
    const { answers: _, ...without } = part(1, 1);
    expect(addMetrics([part(0, 0), without])).not.toHaveProperty('answers');
  });
});
