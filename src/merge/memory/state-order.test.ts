import fc from 'fast-check';
import { expect, it } from 'vitest';
import { stateLayout } from '../../tensor/state-dict.js';
import { orderByState } from './state-order.js';

const layout = stateLayout([
  ['b', [1]],
  ['a', [2]],
]);
const updateOf = (values: readonly number[], examples = 1, fisher: readonly number[] = [0, 0, 0]) => ({
  state: { layout, data: Float32Array.from(values) },
  examples,
  auxiliaries: { fisher: { layout, data: Float32Array.from(fisher) } },
});

it('updates in memory are ordered as the bytes of their files are', () => {
  const vector = fc.array(fc.float({ noNaN: true }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(fc.array(vector, { maxLength: 8 }), (vectors) => {
      const ordered = orderByState(
        vectors.map((values) => updateOf(values)),
        [],
      );
      const bytes = ordered.map(({ state }) => Buffer.from(state.data.buffer));
      expect(bytes).toEqual([...bytes].sort(Buffer.compare));
    }),
    { seed: 1 },
  );
});

it('updates of the same weights are told apart by what travels with them, then by their examples', () => {
  const updates = [updateOf([1, 2, 3], 5), updateOf([1, 2, 3], 9, [0, 1, 0]), updateOf([1, 2, 3], 3)];
  const examples = (list: typeof updates) => list.map((update) => update.examples);
  expect(examples(orderByState(updates, ['fisher']))).toEqual([3, 5, 9]);
  expect(examples(orderByState([...updates].reverse(), []))).toEqual([3, 5, 9]);
  const other = {
    ...updateOf([9, 9, 9], 2),
    state: {
      layout: stateLayout([
        ['a', [2]],
        ['b', [1]],
      ]),
      data: Float32Array.of(2, 3, 1),
    },
  };
  expect(examples(orderByState([...updates, other], []))).toEqual([2, 3, 5, 9]);
});
