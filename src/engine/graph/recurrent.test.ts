import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as g from './build.js';
import { evaluate } from './evaluate.js';
import { gruSequence, lstmSequence, type RecurrentWeights } from './recurrent.js';
import { GraphError } from './value.js';

interface Recorded {
  readonly op: 'LSTM' | 'GRU';
  readonly direction: 'forward' | 'reverse';
  readonly begins: 'with states' | 'with zeros';
  readonly sequence: readonly number[];
  readonly hidden: readonly number[];
  readonly cell?: readonly number[];
}
const fixture = new URL('../../../test/fixtures/operations/operations.json', import.meta.url);
const { recurrences } = JSON.parse(readFileSync(fixture, 'utf8')) as {
  readonly recurrences: readonly Recorded[];
};

const [STEPS, N, FEATURES, UNITS] = [5, 3, 4, 6];
const waves = (number: number, ...shape: number[]) =>
  g.constant(
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.fround(Math.sin(0.7 * i + number)),
    ),
    shape,
  );

it.each(recurrences)('$op $direction, which begins $begins, is that of ONNX Runtime', (recorded) => {
  const { op, direction, begins } = recorded;
  const rows = (op === 'LSTM' ? 4 : 3) * UNITS;
  const bias = waves(3, 2 * rows);
  const weights = {
    input: waves(1, rows, FEATURES),
    hidden: waves(2, rows, UNITS),
    inputBias: g.slice(bias, [0], [rows]),
    hiddenBias: g.slice(bias, [rows], [2 * rows]),
  };
  const states =
    begins === 'with states' ? { initialHidden: waves(4, N, UNITS), initialCell: waves(5, N, UNITS) } : {};
  const options = { reverse: direction === 'reverse', ...states };
  const x = waves(0, STEPS, N, FEATURES);
  const outputs = op === 'LSTM' ? lstmSequence(x, weights, options) : gruSequence(x, weights, options);
  expect(outputs.sequence.shape).toEqual([STEPS, N, UNITS]);
  const results = evaluate({ outputs: { ...outputs } }, {});
  for (const name of Object.keys(outputs) as ('sequence' | 'hidden' | 'cell')[]) {
    expect(results[name]).toHaveLength(recorded[name]!.length);
    for (const [at, expected] of recorded[name]!.entries())
      expect(results[name]![at]).toBeCloseTo(expected, 5);
  }
});

describe('weights that do not fit', () => {
  const x = g.input('x', [5, 3, 4]);
  const weights = (input: number[], hidden: number[]): RecurrentWeights => ({
    input: g.input('w', input),
    hidden: g.input('r', hidden),
  });
  it.each<[string, () => unknown, string]>([
    [
      'of three gates in an LSTM',
      () => lstmSequence(x, weights([18, 4], [18, 6])),
      'lstm: a sequence [5,3,4] and a weight [18,6], expected [T,N,F] and [4·H,H]',
    ],
    [
      'of other features',
      () => gruSequence(x, weights([18, 5], [18, 6])),
      'gru: a weight [18,5] for the input, expected [18,4]',
    ],
    [
      'for a sequence without a batch',
      () => gruSequence(g.input('x', [5, 4]), weights([18, 4], [18, 6])),
      'gru: a sequence [5,4] and a weight [18,6], expected [T,N,F] and [3·H,H]',
    ],
  ])('%s are refused', (_, make, message) => {
    expect(make).toThrow(GraphError);
    expect(make).toThrow(message);
  });
});
