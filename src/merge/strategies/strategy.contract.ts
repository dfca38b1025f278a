/** Tests that hold for every strategy; `strategies.test.ts` runs them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { everyCase } from '../../../test/every-case.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { MergeError } from '../error.js';
import { merge, type Update } from '../memory/merge.js';
import { strategyByName } from './strategies.js';

/**
 * The merged vector of the updates' vectors by the formula of the paper, in float64. The vectors
 * are in the order of their content: if several answers are equally good (two middle updates), the
 * first counts.
 */
export type Oracle = (
  vectors: readonly (readonly number[])[],
  examples: readonly number[],
  fisher: readonly (readonly number[])[],
) => readonly number[];

/** The oracle for a formula that works on each place by itself. */
export const perPlace =
  (formula: (values: readonly number[], examples: readonly number[]) => number): Oracle =>
  (vectors, examples) =>
    (vectors[0] ?? []).map((_, i) =>
      formula(
        vectors.map((vector) => vector[i]!),
        examples,
      ),
    );

export interface Exceptions {
  /** Why identical updates do not keep their value. */
  readonly identical?: string;
  /** Why the order of the updates matters. */
  readonly order?: string;
  /** The tolerance of results, relative to the largest value. */
  readonly tolerance?: number;
}

/** Tensor and index of each place. */
export const places = [
  ['a', 0],
  ['a', 1],
  ['a', 2],
  ['a', 3],
  ['b', 0],
] as const;
const size = places.length;
const layout = stateLayout([
  ['a', [2, 2]],
  ['b', [1]],
]);

interface Drawn {
  readonly examples: number;
  readonly values: readonly number[];
  readonly fisher: readonly number[];
}

const stateOf = (numbers: readonly number[]): StateDict => ({ layout, data: Float32Array.from(numbers) });
const updatesOf = (drawn: readonly Drawn[]): Update[] =>
  drawn.map(({ examples, values, fisher }, k) => {
    return { name: `site-${k}`, examples, state: stateOf(values), auxiliaries: { fisher: stateOf(fisher) } };
  });
const contentOf = ({ values, fisher, examples }: Drawn) =>
  bytesOf(stateOf(values)) + bytesOf(stateOf(fisher)) + examples.toString().padStart(9, '0');
const byContent = (a: Drawn, b: Drawn) => (contentOf(a) < contentOf(b) ? -1 : 1);
const bytesOf = (state: StateDict) => Buffer.from(state.data.buffer).toString('hex');

export function strategyContract(text: string, oracle: Oracle, exceptions: Exceptions = {}): void {
  const strategy = strategyByName(text);
  const { least = 1, most = least + 5 } = strategy.takes ?? {};
  const placewise = strategy.needs === 'sum' || strategy.needs === 'columns';
  const check = (property: fc.IProperty<never> | fc.IRawProperty<unknown>) =>
    fc.assert(property, { seed: 1, numRuns: (placewise ? 300 : 60) / (everyCase ? 1 : 3) });
  // If products of values decide, the products of these values are exact. Values beyond float32
  // cannot be merged.
  const number =
    placewise && strategy.on === undefined
      ? fc.float({ noNaN: true, noDefaultInfinity: true })
      : fc.integer({ min: -1000, max: 1000 }).map((value) => value / 128);
  const vector = fc.array(number, { minLength: size, maxLength: size });
  const fisher = fc.array(fc.constantFrom(0, 0, 0.5, 1, 3), { minLength: size, maxLength: size });
  const examples = fc.integer({ min: 1, max: 100_000 });
  const participant: fc.Arbitrary<Drawn> = fc.record({ examples, values: vector, fisher });
  const participants = fc.array(participant, { minLength: least, maxLength: most });
  const everywhere = strategy.on === 'updates' ? (['updates'] as const) : (['weights', 'updates'] as const);
  const mergeOn = (on: 'weights' | 'updates', updates: readonly Update[], base: readonly number[]) =>
    merge(strategy, updates, { on, base: stateOf(base) });

  describe(`the strategy "${text}"`, () => {
    const title = exceptions.order ?? 'gives the same bytes whatever the order of the updates';
    it(title, () => {
      const quarter = (drawn: readonly Drawn[]) =>
        drawn.map((one) => ({ ...one, values: one.values.map((value) => value / 4) }));
      const shuffled = participants.chain((drawn) =>
        fc.tuple(fc.constant(drawn), fc.shuffledSubarray(drawn, { minLength: drawn.length })),
      );
      let differ = false;
      check(
        fc.property(shuffled, vector, ([drawn, other], base) => {
          for (const on of everywhere) {
            const small = base.map((value) => value / 4);
            const [one, two] = [drawn, other].map((list) =>
              bytesOf(mergeOn(on, updatesOf(quarter(list)), small)),
            );
            if (exceptions.order === undefined) expect(two).toBe(one);
            else differ ||= one !== two;
          }
        }),
      );
      expect(differ).toBe(exceptions.order !== undefined);
    });

    it(exceptions.identical ?? 'leaves identical updates as they are, to the byte', () => {
      let changed = false;
      const counts = fc.array(examples, { minLength: least, maxLength: most });
      const [on] = everywhere;
      check(
        fc.property(participant, counts, vector, (one, list, base) => {
          const updates = updatesOf(list.map((count) => ({ ...one, examples: count })));
          const merged = bytesOf(mergeOn(on, updates, base));
          if (exceptions.identical === undefined) expect(merged).toBe(bytesOf(stateOf(one.values)));
          else changed ||= merged !== bytesOf(stateOf(one.values));
        }),
      );
      expect(changed).toBe(exceptions.identical !== undefined);
    });

    it(`equals the formula in float64, on ${everywhere.join(' and on ')}`, () => {
      check(
        fc.property(participants, vector, (drawn, base) => {
          const ordered = strategy.ordered ? drawn : [...drawn].sort(byContent);
          const counts = ordered.map((one) => one.examples);
          const information = ordered.map((one) => one.fisher);
          for (const on of everywhere) {
            const start = base.map((value) => (on === 'updates' ? value : 0));
            const vectors = ordered.map(({ values }) => values.map((value, i) => value - start[i]!));
            const expected = oracle(vectors, counts, information).map((value, i) => start[i]! + value);
            const merged = mergeOn(on, updatesOf(drawn), base).data;
            for (let i = 0; i < size; i++) {
              const scale = Math.max(Math.abs(start[i]!), ...ordered.map((one) => Math.abs(one.values[i]!)));
              expectClose(merged[i]!, expected[i]!, scale, exceptions.tolerance ?? 1e-14);
            }
          }
        }),
      );
    });

    const some = (change: (k: number) => Partial<Drawn> = () => ({})): Update[] =>
      updatesOf(
        Array.from({ length: Math.min(least + 1, most) }, (_, k) => ({
          examples: 1,
          values: [1, 2, 3, 4, k],
          fisher: [1, 2, 3, 4, 5],
          ...change(k),
        })),
      );

    it.each([Number.NaN, Infinity, -Infinity])('refuses %d', (bad) => {
      const updates = some((k) => (k === 1 ? { values: [1, 2, 3, bad, 5] } : {}));
      const merging = () => mergeOn('weights', updates, [0, 0, 0, 0, 0]);
      expect(merging).toThrow(MergeError);
      expect(merging).toThrow(
        `merge: "a" is ${bad} at index 3 in the update of "site-1", expected a finite number`,
      );
    });

    it('changes neither the updates nor the base', () => {
      const updates = some();
      const base = stateOf([5, 4, 3, 2, 1]);
      merge(strategy, updates, { on: 'updates', base });
      expect(updates).toEqual(some());
      expect([...base.data]).toEqual([5, 4, 3, 2, 1]);
    });

    if (least > 1) {
      it('says how many updates it takes', () => {
        expect(() => mergeOn('updates', some().slice(0, least - 1), [0, 0, 0, 0, 0])).toThrow(
          new RegExp(`^merge: ${strategy.name.replace(/[()]/g, '\\$&')} takes (at least|exactly) ${least} `),
        );
      });
    }

    if (strategy.on === 'updates') {
      it('says that it needs a base', () => {
        expect(() => merge(strategy, some())).toThrow(
          `merge: ${strategy.name} is applied to updates, so it needs a base`,
        );
      });
    }
  });
}

/** Compares up to the rounding of one float32, and of float64 at the scale of the operands. */
function expectClose(got: number, expected: number, scale: number, relative: number): void {
  const tolerance = Math.abs(expected) * 2 ** -24 + scale * relative + 2 ** -149;
  expect(Math.abs(got - expected)).toBeLessThanOrEqual(tolerance);
}
