import { describe, expect, it } from 'vitest';
import { MergeError } from '../error.js';
import { checkExamples, checkSameTensors, notFinite } from './checks.js';

const weight = { name: 'conv1.weight', shape: [32, 1, 3, 3] };
const bias = { name: 'conv1.bias', shape: [32] };

describe('the checks before a merge', () => {
  it('say which tensor differs, where, and what was expected', () => {
    const other = [{ ...weight, shape: [32, 1, 5, 5] }, bias];
    expect(() => checkSameTensors(other, [weight, bias], 'the update of "site-b"')).toThrow(
      'merge: "conv1.weight" is [32,1,5,5] in the update of "site-b", expected [32,1,3,3]',
    );
  });

  it('do not mind another order of the tensors', () => {
    expect(() => checkSameTensors([bias, weight], [weight, bias], 'x')).not.toThrow();
  });

  it('take any finite number above 0 as a number of examples', () => {
    expect(() => checkExamples(0.5, 'x')).not.toThrow();
    for (const bad of [0, -0, -1, Number.NaN, Infinity])
      expect(() => checkExamples(bad, 'x')).toThrow(MergeError);
  });

  it('tell the next step to take', () => {
    expect(notFinite('w', 3, Number.NaN, 'the base').hint).toMatch('lower learning rate');
  });
});
