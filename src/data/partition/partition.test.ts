import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { classCounts } from '../class-counts.js';
import { holdOut, type PartitionOptions, partition } from './partition.js';
import { v } from './v.js';

const data = {
  groups: Uint8Array.from({ length: 30 }, (_, index) => index % 3),
  count: 3,
};
const split = (options: Partial<PartitionOptions>) => () =>
  partition(data, v(), { participants: 2, seed: 0, ...options });

describe('a partition', () => {
  it('takes names', () => {
    expect(split({ names: ['site-a', 'site-b'] })().map((share) => share.name)).toEqual(['site-a', 'site-b']);
  });

  it('refuses settings out of range', () => {
    expect(split({ participants: 0 })).toThrow('participants is 0, expected a whole number from 1');
    expect(split({ participants: 2.5 })).toThrow('participants is 2.5');
    expect(split({ validationFraction: 1 })).toThrow(
      'partition: the validation fraction is 1, expected a number from 0 to below 1',
    );
    expect(split({ names: ['a'] })).toThrow('1 names, expected 2');
    expect(split({ names: ['a', 'a'] })).toThrow('the list of participants has "a" twice');
  });

  it('refuses to leave a participant with too few examples to train and to validate', () => {
    expect(split({ participants: 20 })).toThrow(
      'partition: v leaves 1 of 30 examples for "environment-11", expected at least 2',
    );
    expect(split({ participants: 30, validationFraction: 0 })()).toHaveLength(30);
  });
});

describe('the held-out part', () => {
  it('is the asked fraction, and of each class to within one example', () => {
    const examples = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 200 });
    fc.assert(
      fc.property(examples, fc.double({ min: 0, max: 0.99, noNaN: true }), (list, fraction) => {
        const labels = Uint8Array.from(list);
        const all = Uint32Array.from(labels.keys());
        const { train, validation } = holdOut(all, labels, 5, fraction, randomStream(1));
        expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...all]);
        const expected = Math.min(Math.max(Math.round(list.length * fraction), 1), list.length - 1);
        expect(validation.length).toBe(fraction === 0 ? 0 : expected);
        const share = validation.length / list.length;
        const whole = classCounts(labels, 5);
        classCounts(labels, 5, validation).forEach((count, label) => {
          expect(Math.abs(count - share * whole[label]!)).toBeLessThanOrEqual(1);
        });
      }),
    );
  });
});
