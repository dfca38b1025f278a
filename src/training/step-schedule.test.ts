import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsBefore, stepsIn } from './step-schedule.js';

const schedule = [
  { from: 1, steps: 64 },
  { from: 5, steps: 16 },
  { from: 6, steps: 1 },
];

describe('a schedule of steps', () => {
  it('has the same number in every round, or another from a round on', () => {
    expect([1, 2, 9].map((round) => stepsIn(7, round))).toEqual([7, 7, 7]);
    expect([1, 4, 5, 6, 100].map((round) => stepsIn(schedule, round))).toEqual([64, 64, 16, 1, 1]);
  });

  it('counts the steps before a round as the sum of those of its rounds', () => {
    const lines = fc
      .array(fc.record({ wait: fc.integer({ min: 1, max: 5 }), steps: fc.integer({ min: 1, max: 9 }) }), {
        minLength: 1,
      })
      .map((entries) => {
        let from = 1;
        return entries.map(({ wait, steps }, index) => {
          if (index > 0) from += wait;
          return { from, steps };
        });
      });
    fc.assert(
      fc.property(
        fc.oneof(lines, fc.integer({ min: 1, max: 9 })),
        fc.integer({ min: 1, max: 30 }),
        (steps, round) => {
          const before = Array.from({ length: round - 1 }, (_, index) => stepsIn(steps, index + 1));
          expect(stepsBefore(steps, round)).toBe(before.reduce((a, b) => a + b, 0));
        },
      ),
      { seed: 1 },
    );
  });
});
