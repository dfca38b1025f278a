import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import type { Shape } from '../../tensor/shape.js';
import { type StateDict, stateLayout } from '../../tensor/state-dict.js';
import { absmax } from '../strategies/absmax.js';
import { max } from '../strategies/max.js';
import { mean } from '../strategies/mean.js';
import type { Strategy } from '../strategy.js';
import { merge, type Update } from './merge.js';

const state = (shapes: Record<string, Shape>, data: number[]): StateDict => ({
  layout: stateLayout(Object.entries(shapes)),
  data: Float32Array.from(data),
});
const update = (name: string, data: number[], examples = 1): Update => ({
  name,
  examples,
  state: state({ w: [data.length] }, data),
});

describe('merge', () => {
  it('applies max to the weights, or to what changed in the base', () => {
    const updates = [update('a', [1, -5, 2]), update('b', [2, -4, 2])];
    const base = state({ w: [3] }, [3, -4, 2]);
    expect([...merge(max(), updates).data]).toEqual([2, -4, 2]);
    expect([...merge(max(), updates, { on: 'updates', base }).data]).toEqual([2, -4, 2]);
    expect([...merge(absmax(), updates).data]).toEqual([2, -5, 2]);
    expect([...merge(absmax(), updates, { on: 'updates', base }).data]).toEqual([1, -5, 2]);
  });

  it('ignores a base on weights', () => {
    const base = state({ w: [1] }, [Number.NaN]);
    expect([...merge(mean(), [update('a', [1]), update('b', [2], 3)], { on: 'weights', base }).data]).toEqual(
      [1.75],
    );
  });

  it('works across many blocks and finds tensors by name, whatever their order', () => {
    const stream = randomStream(1, 'merge');
    const shapes: [string, Shape][] = [
      ['big', [20_000]],
      ['bias', [3]],
    ];
    const values = Float32Array.from({ length: 20_003 }, stream.normal);
    const one = { layout: stateLayout(shapes), data: values };
    const turned = Float32Array.of(...values.subarray(20_000), ...values.subarray(0, 20_000));
    const other = { layout: stateLayout([...shapes].reverse()), data: turned };
    const merged = merge(mean(), [
      { name: 'a', examples: 1, state: one },
      { name: 'b', examples: 2, state: other },
    ]);
    expect(merged).toEqual(one);
  });

  it('keeps a sum of many small updates accurate', () => {
    const updates = [update('a', [1e8]), ...Array.from({ length: 1000 }, (_, k) => update(`b${k}`, [1]))];
    expect(merge(mean(), updates).data[0]).toBe(Math.fround((1e8 + 1000) / 1001));
  });

  const good = update('site-a', [1, 2]);
  it.each([
    [[], 'merge: there are no updates, expected at least one'],
    [[good, { ...good }], 'merge: there are two updates of "site-a", expected one of each'],
    [
      [good, update('site-b', [1, 2], 0)],
      'merge: the update of "site-b" has 0 examples, expected a positive number',
    ],
    [[good, update('site-b', [1, 2], Number.NaN)], 'merge: the update of "site-b" has NaN examples'],
    [[good, update('site-b', [1, 2, 3])], 'merge: "w" is [3] in the update of "site-b", expected [2]'],
    [
      [good, { ...update('site-b', []), state: state({ v: [2] }, [1, 2]) }],
      'merge: "w" is missing in the update of "site-b"',
    ],
    [
      [good, { ...update('site-b', []), state: state({ w: [2], v: [1] }, [1, 2, 3]) }],
      'merge: "v" in the update of "site-b" is not expected',
    ],
    [[good, update('site-b', [1, Infinity])], 'merge: "w" is Infinity at index 1 in the update of "site-b"'],
  ])('refuses updates that cannot be merged (%#)', (updates: Update[], message) => {
    expect(() => merge(mean(), updates)).toThrow(message);
  });

  it('refuses a base that is missing, of another network, or not finite', () => {
    const on = 'updates' as const;
    expect(() => merge(mean(), [good], { on } as never)).toThrow('merge: on updates it needs a base');
    expect(() => merge(mean(), [good], { on, base: state({ w: [3] }, [1, 2, 3]) })).toThrow(
      '"w" is [2] in the update of "site-a", expected [3]',
    );
    expect(() => merge(mean(), [good], { on, base: state({ w: [2] }, [1, Number.NaN]) })).toThrow(
      '"w" is NaN at index 1 in the base',
    );
  });

  it('refuses the result of a strategy that float32 cannot hold', () => {
    const huge: Strategy = { name: 'huge', needs: 'columns', combine: (out) => void out.fill(1e300) };
    expect(() => merge(huge, [good])).toThrow(
      'merge: the merged "w" is Infinity at index 0, expected a finite F32',
    );
  });
});
