import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { roundDetailsSchema } from '../../protocol/round-details.js';
import { roundDetails } from './round-details.js';

const metrics = (...predictions: number[]) => {
  const labels = Uint8Array.of(0, 1);
  const confusion = new Uint32Array(4);
  labels.forEach((label, i) => {
    confusion[2 * label + predictions[i]!]! += 1;
  });
  const correct = predictions.filter((prediction, i) => prediction === labels[i]).length;
  const answers = { labels, predictions: Uint8Array.from(predictions) };
  return classified({ examples: 2, correct, confusion, answers });
};
const drift = {
  norms: [3, 4],
  cosines: [
    [1, 0],
    [0, 1],
  ],
};
const round = { round: 2, sha256: 'f'.repeat(64), participants: ['a', 'b'], drift };

describe('the details of a round', () => {
  it('hold drift, confusion and what the merge decided, in the form of their file', () => {
    const own = { a: metrics(0, 0), b: metrics(1, 1) };
    const merged = { mean: metrics(0, 1), max: metrics(1, 0) };
    const details = roundDetails({ ...round, own, merged });
    expect(details.drift).toEqual(drift);
    expect(details.test?.confusion.merged.max).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(details.test?.decided?.kept).toEqual([0, 2, 0]);
    expect(roundDetailsSchema.parse(JSON.parse(JSON.stringify(details)))).toEqual(details);
  });

  it('are without test figures where the coordinator has no test images', () => {
    const details = roundDetails({ ...round, own: {}, merged: {} });
    expect(details.drift?.norms).toEqual([3, 4]);
    expect(details).not.toHaveProperty('test');
  });
});
