import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { stateLayout, tensorView } from '../../src/tensor/state-dict.js';
import { oracleWeights } from './weights.js';

interface RecordedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Of the float32 bytes, little-endian. */
  readonly sha256: string;
  readonly sum: number;
  readonly first: readonly number[];
}

interface RecordedWeights {
  readonly models: readonly {
    readonly model: string;
    readonly convolutionGain: number;
    readonly tensors: readonly RecordedTensor[];
  }[];
}

const recorded = JSON.parse(
  readFileSync(new URL('weights.json', import.meta.url), 'utf8'),
) as RecordedWeights;

describe.each(recorded.models)(
  'the oracle weights of $model, gain $convolutionGain',
  ({ convolutionGain, tensors }) => {
    const layout = stateLayout(tensors.map(({ name, shape }) => [name, shape] as const));
    const state = oracleWeights(layout, convolutionGain);

    test.each(tensors)('$name has the bits that Python made', ({ name, sha256, sum, first }) => {
      const values = tensorView(state, name);
      expect([...values.slice(0, first.length)]).toEqual(first);
      expect(values.reduce((total, value) => total + value, 0)).toBeCloseTo(sum, 8);
      const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(sha256);
    });
  },
);

test('a bias without its weight has no fan-in, and the error says so', () => {
  const layout = stateLayout([['fc.bias', [10]]]);
  expect(() => oracleWeights(layout)).toThrow(
    'oracle weights: "fc.bias" has no "fc.weight" beside it to take the fan-in from',
  );
});
