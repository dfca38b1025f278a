import { describe, expect, it } from 'vitest';
import { classified } from '../../../../test/classified.js';
import { roundDetailsSchema } from '../../../protocol/round-details.js';
import { stateLayout } from '../../../tensor/state-dict.js';
import type { RoundRecord } from '../../rounds/round.js';
import { measuredDetails } from './measured-details.js';

const nothing = { figures: {}, metrics: {} };
const tested = {
  own: nothing,
  merged: {
    figures: {},
    metrics: { mean: classified({ examples: 2, correct: 1, confusion: Uint32Array.of(1, 0, 1, 0) }) },
  },
};

/** Participant k moved by k + 1. */
function measure(participants: number, size: number, columns = true) {
  const names = Array.from({ length: participants }, (_, k) => `site-${k}`);
  const asked: number[] = [];
  async function* each(of: readonly string[]) {
    asked.push(of.length);
    const states = of.map((name) => Float32Array.of(names.indexOf(name) + 1));
    yield { states, bases: of.map(() => Float32Array.of(0)) };
  }
  const record = { round: 1, closed: { train: { counted: names } } } as unknown as RoundRecord;
  const plan = { layout: stateLayout([['w', [size]]]) };
  const details = measuredDetails(record, 'f'.repeat(64), tested, {
    plan,
    updates: { columns: columns ? each : undefined },
  });
  return details.then((measured) => ({ ...roundDetailsSchema.parse(measured), asked }));
}

describe('the details of a round', () => {
  it('have the drift of all pairs, if there are few', async () => {
    const { drift, asked } = await measure(3, 1);
    expect(drift?.norms).toEqual([1, 2, 3]);
    expect(drift?.cosines).toHaveLength(3);
    expect(asked).toEqual([3]);
  });

  it.each([
    ['participants', 501, 1],
    ['products', 3, 4e9],
  ])('leave out the cosines alone with too many %s, and read one update at a time', async (_, many, size) => {
    const { drift, test, asked } = await measure(many, size);
    expect(drift?.norms.slice(0, 3)).toEqual([1, 2, 3]);
    expect(drift?.norms).toHaveLength(many);
    expect(drift).not.toHaveProperty('cosines');
    expect(test?.confusion.merged.mean).toEqual([
      [1, 0],
      [1, 0],
    ]);
    expect(new Set(asked)).toEqual(new Set([1]));
  });

  it('leave out the drift alone, if states are too large', async () => {
    const details = await measure(3, 1, false);
    expect(details).not.toHaveProperty('drift');
    expect(details.test?.examples).toBe(2);
  });
});
