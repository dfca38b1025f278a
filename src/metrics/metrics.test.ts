import { describe, expect, it } from 'vitest';
import { addMetrics, confusionRows } from './metrics.js';

const part = (label: number, prediction: number) => ({
  examples: 1,
  correct: Number(label === prediction),
  lossSum: 0.5,
  confusion: Uint32Array.from({ length: 4 }, (_, cell) => Number(cell === 2 * label + prediction)),
  answers: { labels: Uint8Array.of(label), predictions: Uint8Array.of(prediction) },
});

describe('metrics of parts', () => {
  it('add up, and their answers follow one another', () => {
    const sum = addMetrics([part(0, 0), part(1, 0)]);
    expect(sum).toEqual({
      examples: 2,
      correct: 1,
      lossSum: 1,
      confusion: Uint32Array.of(1, 0, 1, 0),
      answers: { labels: Uint8Array.of(0, 1), predictions: Uint8Array.of(0, 0) },
    });
    expect(confusionRows(sum)).toEqual([
      [1, 0],
      [1, 0],
    ]);
  });

  it('have answers only where every part has them', () => {
    const { answers: _, ...without } = part(1, 1);
    expect(addMetrics([part(0, 0), without])).not.toHaveProperty('answers');
  });
});
