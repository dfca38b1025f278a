import { describe, expect, it } from 'vitest';
import * as g from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { type ClassLoss, meanSquaredError, softmaxCrossEntropy } from './class-losses.js';

const LOGITS = [1, 2, 4, -1, 0, 3];
const LABELS = [2, 0];

function lossOf(loss: ClassLoss, logits = LOGITS, seen?: readonly number[]): number[] {
  const y = loss(g.input('logits', [2, 3]), g.input('labels', [2], 'i32'), seen && g.constant(seen));
  expect(y.shape).toEqual([2]);
  return Array.from(evaluate({ outputs: { y } }, { logits, labels: LABELS }).y!);
}

/** −log softmax(row)[c] */
const surprise = (row: readonly number[], c: number) =>
  Math.log(row.reduce((sum, z) => sum + Math.exp(z), 0)) - row[c]!;
const rows = [LOGITS.slice(0, 3), LOGITS.slice(3)];

function expectClose(actual: readonly number[], expected: readonly number[]) {
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 12);
}

describe('softmaxCrossEntropy', () => {
  it('is the surprise at the true class, for every example', () => {
    expectClose(lossOf(softmaxCrossEntropy()), [surprise(rows[0]!, 2), surprise(rows[1]!, 0)]);
  });

  it('smooths the labels towards all classes', () => {
    const smoothed = rows.map((row, i) => {
      const all = [0, 1, 2].reduce((sum, c) => sum + surprise(row, c), 0) / 3;
      return 0.9 * surprise(row, LABELS[i]!) + 0.1 * all;
    });
    expectClose(lossOf(softmaxCrossEntropy({ labelSmoothing: 0.1 })), smoothed);
  });

  it('is that of a network without the classes that are not seen', () => {
    const two = rows.map((row) => [row[0]!, row[2]!]);
    const smoothed = two.map((row, i) => {
      const all = (surprise(row, 0) + surprise(row, 1)) / 2;
      return 0.9 * surprise(row, LABELS[i]! / 2) + 0.1 * all;
    });
    expectClose(lossOf(softmaxCrossEntropy({ labelSmoothing: 0.1 }), LOGITS, [1, 0, 1]), smoothed);
  });

  it('is multiplied by the weight of the class', () => {
    expectClose(lossOf(softmaxCrossEntropy({ classWeights: [3, 7, 0.5] })), [
      0.5 * surprise(rows[0]!, 2),
      3 * surprise(rows[1]!, 0),
    ]);
  });

  it('is finite for logits that are far apart', () => {
    expectClose(lossOf(softmaxCrossEntropy(), [1000, 0, 0, 0, 1000, 0]), [1000, 1000]);
  });
});

describe('meanSquaredError', () => {
  it('is the mean over classes of the squared distance from the one-hot label', () => {
    expectClose(lossOf(meanSquaredError()), [(1 + 4 + 9) / 3, (4 + 0 + 9) / 3]);
  });

  it('is the mean over the classes that are seen', () => {
    expectClose(lossOf(meanSquaredError(), LOGITS, [1, 0, 1]), [(1 + 9) / 2, (4 + 9) / 2]);
  });
});
