/** What holds for every strategy, run by `strategies.test.ts` against each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type StateDict, stateLayout } from '../tensor/state-dict.js';
import { MergeError } from './error.js';
import { merge, type Update } from './merge.js';
import type { Strategy } from './strategy.js';

/** One merged value of the values of the updates in one place, by the formula of the paper. */
export type Oracle = (values: readonly number[], examples: readonly number[]) => number;

const size = 5;
const layout = stateLayout([
  ['a', [2, 2]],
  ['b', [1]],
]);
const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
const values = fc.array(finite, { minLength: size, maxLength: size });
const participant = fc.record({ examples: fc.integer({ min: 1, max: 100_000 }), values });
const participants = fc.array(participant, { minLength: 1, maxLength: 6 });

const stateOf = (numbers: readonly number[]): StateDict => ({ layout, data: Float32Array.from(numbers) });
const updatesOf = (drawn: readonly { examples: number; values: number[] }[]): Update[] =>
  drawn.map((one, k) => ({ name: `site-${k}`, examples: one.examples, state: stateOf(one.values) }));
const bytesOf = (state: StateDict) => Buffer.from(state.data.buffer).toString('hex');
const check = (property: fc.IProperty<never> | fc.IRawProperty<unknown>) =>
  fc.assert(property, { seed: 1, numRuns: 300 });

export function strategyContract(build: () => Strategy, oracle: Oracle): void {
  const strategy = build();

  describe(`the strategy "${strategy.name}"`, () => {
    it('gives the same bytes whatever the order of the updates, on weights and on updates', () => {
      const shuffled = participants.chain((drawn) =>
        fc.tuple(
          fc.constant(updatesOf(drawn)),
          fc.shuffledSubarray(updatesOf(drawn), { minLength: drawn.length }),
        ),
      );
      check(
        fc.property(shuffled, values, ([updates, other], base) => {
          expect(bytesOf(merge(strategy, other))).toBe(bytesOf(merge(strategy, updates)));
          const options = { on: 'updates', base: stateOf(base.map((value) => value / 4)) } as const;
          const small = (list: Update[]) =>
            list.map((update) => ({
              ...update,
              state: stateOf([...update.state.data].map((value) => value / 4)),
            }));
          expect(bytesOf(merge(strategy, small(other), options))).toBe(
            bytesOf(merge(strategy, small(updates), options)),
          );
        }),
      );
    });

    it('leaves identical updates as they are, to the byte', () => {
      check(
        fc.property(
          participant,
          fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1 }),
          (one, counts) => {
            const updates = updatesOf(counts.map((examples) => ({ ...one, examples })));
            expect(bytesOf(merge(strategy, updates))).toBe(bytesOf(stateOf(one.values)));
          },
        ),
      );
    });

    it('equals the formula in float64, on weights and on updates', () => {
      check(
        fc.property(participants, values, (drawn, base) => {
          const examples = drawn.map((one) => one.examples);
          const onWeights = merge(strategy, updatesOf(drawn)).data;
          const onUpdates = merge(strategy, updatesOf(drawn), { on: 'updates', base: stateOf(base) }).data;
          for (let i = 0; i < size; i++) {
            const column = drawn.map((one) => one.values[i]!);
            const start = base[i]!;
            const scale = Math.max(Math.abs(start), ...column.map(Math.abs));
            expectClose(onWeights[i]!, oracle(column, examples), scale);
            expectClose(
              onUpdates[i]!,
              start +
                oracle(
                  column.map((value) => value - start),
                  examples,
                ),
              scale,
            );
          }
        }),
      );
    });

    it.each([Number.NaN, Infinity, -Infinity])('refuses %d', (bad) => {
      const updates = updatesOf([
        { examples: 1, values: [1, 2, 3, 4, 5] },
        { examples: 1, values: [1, 2, 3, bad, 5] },
      ]);
      expect(() => merge(strategy, updates)).toThrow(MergeError);
      expect(() => merge(strategy, updates)).toThrow(
        `merge: "a" is ${bad} at index 3 in the update of "site-1", expected a finite number`,
      );
    });

    it('changes neither the columns nor the numbers of examples', () => {
      const columns = [Object.freeze([1, -2, 3]), Object.freeze([-4, 5, -6])].map((c) =>
        Float64Array.from(c),
      );
      strategy.combine(new Float64Array(3).fill(Number.NaN), columns, Object.freeze([1, 2]));
      expect(columns.map((column) => [...column])).toEqual([
        [1, -2, 3],
        [-4, 5, -6],
      ]);
    });
  });
}

/** To the rounding of one float32, and of float64 at the scale of the operands. */
function expectClose(got: number, expected: number, scale: number): void {
  const tolerance = Math.abs(expected) * 2 ** -24 + scale * 1e-14 + 2 ** -149;
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(tolerance);
}
