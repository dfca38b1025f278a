import { describe, expect, it } from 'vitest';
import type { ColumnFacts } from '../../../data/dataset.js';
import { type CategoryFeature, MISSING_NUMBER, type NumberFeature } from '../../../data/features.js';
import { tensorView } from '../../../tensor/state-dict.js';
import { flatten, input } from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { exportInference } from '../export-inference.js';
import { mlp } from '../models/mlp.js';
import { checkConstants, withConstants } from './constants.js';
import {
  applyNetwork,
  initialFrozen,
  initialState,
  inputsOfBatch,
  layoutOf,
  modelLayoutOf,
  type Network,
  NetworkError,
  parametersOf,
} from './network.js';
import { type EmbeddingWidth, onFeatures } from './preprocess.js';
import { preprocessConstants } from './preprocess-constants.js';

const number = (name: string): NumberFeature => ({ kind: 'number', name });
const category = (name: string, ...names: string[]): CategoryFeature => ({ kind: 'category', name, names });
const ofNumbers = (...features: NumberFeature[]): ColumnFacts => ({
  ...{ name: 'numbers', dtype: 'f32', shape: [features.length] },
  meaning: { kind: 'features', features },
});
const ofCategories = (...features: CategoryFeature[]): ColumnFacts => ({
  ...{ name: 'categories', dtype: 'i32', shape: [features.length] },
  meaning: { kind: 'features', features },
});
const numbers = ofNumbers(number('age'), number('chol'));
const categories = ofCategories(category('sex', 'Female', 'Male'), category('cp', 'typical'));
const columns = [numbers, categories];

const constants = preprocessConstants([
  { mean: 50, deviation: 10, low: 30, high: 80, impute: 60 },
  { mean: 200, deviation: 50, low: 100, high: 400 },
]);

/** What the network behind the layer is given for these rows. */
function prepared(
  of: readonly ColumnFacts[],
  values: Readonly<Record<string, readonly number[]>>,
  embeddings?: EmbeddingWidth,
) {
  const network = onFeatures((_, x) => x, of, embeddings);
  const examples = Math.max(...of.map(({ name, shape }) => values[name]!.length / shape[0]!));
  const layout = modelLayoutOf(parametersOf(network, of));
  const tensors = layout.map(({ name, shape }) => input(name, shape));
  const y = applyNetwork(network, layout, tensors, inputsOfBatch(of, examples));
  const given = Object.fromEntries(
    layout.map(({ name, size }) => [
      name,
      constants[name] ?? Array.from({ length: size }, (_, i) => i + size / 100),
    ]),
  );
  const rows = evaluate({ outputs: { y } }, { ...given, ...values }).y!;
  const width = rows.length / examples;
  return Array.from({ length: examples }, (_, i) => [...rows.subarray(i * width, (i + 1) * width)]);
}

describe('the numbers of a row', () => {
  it('are standardized, with an indicator of those that are missing', () => {
    expect(prepared([numbers], { numbers: [50, 250, MISSING_NUMBER, MISSING_NUMBER] })).toEqual([
      [0, 1, 0, 0],
      [1, 0, 1, 1],
    ]);
  });

  it('are clipped first', () => {
    expect(prepared([numbers], { numbers: [-1e30, 401, 81, 99] })).toEqual([
      [-2, 4, 0, 0],
      [3, -2, 0, 0],
    ]);
  });

  it('of any finite size are not clipped where no bound is given', () => {
    const { 'preprocess.constants.low': low, 'preprocess.constants.high': high } = preprocessConstants([{}]);
    expect(Math.fround(low![0]!)).toBe(MISSING_NUMBER);
    expect(Math.fround(high![0]!)).toBe(-MISSING_NUMBER);
  });
});

describe('the categories of a row', () => {
  it('are one-hot after the numbers: the known ones, another one, missing', () => {
    expect(prepared(columns, { numbers: [50, 200, 50, 200], categories: [0, 2, 3, 1] })).toEqual([
      [0, 0, 0, 0, ...[1, 0, 0, 0], ...[0, 0, 1]],
      [0, 0, 0, 0, ...[0, 0, 0, 1], ...[0, 1, 0]],
    ]);
  });

  it('can be all that there is', () => {
    expect(prepared([categories], { categories: [1, 0] })).toEqual([[0, 1, 0, 0, 1, 0, 0]]);
  });

  it('have a row of a table each, where they are embedded', () => {
    // The tables are filled with 0, 1, 2 … and a fraction of their own.
    expect(prepared([categories], { categories: [3, 1] }, 2)).toEqual([[6.08, 7.08, 2.06, 3.06]]);
  });

  it.each([
    [1, 3],
    [10, 6],
    [100_000, 600],
  ])('of %i names have an automatic width of %i', (count, width) => {
    const many = ofCategories(category('c', ...Array.from({ length: count }, (_, i) => `${i}`)));
    const network = onFeatures((_, x) => x, [many], 'auto');
    expect(parametersOf(network, [many]).map(({ name, shape }) => [name, shape])).toEqual([
      ['preprocess.embeddings.0.weight', [count + 2, width]],
    ]);
  });
});

describe('the layer', () => {
  it('stands before the first input of a network; what is no feature follows', () => {
    const signal = { name: 'signal', dtype: 'f32', shape: [3], meaning: { kind: 'number' } } as const;
    const seen: (readonly number[])[] = [];
    const network: Network = (_, ...inputs) => {
      seen.push(...inputs.map(({ shape }) => shape));
      return flatten(inputs[0]);
    };
    const all = [signal, ...columns];
    parametersOf(onFeatures(network, all), all);
    expect(seen).toEqual([
      [1, 4 + 7],
      [1, 3],
    ]);
  });

  it('has constants that are no part of the state, and its own weights that are', () => {
    const network = onFeatures(mlp({ classes: 2, hidden: [3] }), columns, 2);
    const parameters = withConstants(parametersOf(network, columns), constants);
    expect(layoutOf(parameters).map(({ name }) => name)).toEqual([
      'preprocess.embeddings.0.weight',
      'preprocess.embeddings.1.weight',
      'fc1.weight',
      'fc1.bias',
      'fc2.weight',
      'fc2.bias',
    ]);
    const held = initialFrozen(parameters, 'seed');
    checkConstants(parameters, held);
    expect([...tensorView(held, 'preprocess.constants.impute')]).toEqual([60, 200]);
  });

  it('is a part of an exported model', () => {
    const network = onFeatures(mlp({ classes: 2, hidden: [3] }), columns);
    const parameters = withConstants(parametersOf(network, columns), constants);
    const model = modelLayoutOf(parameters);
    const whole = { layout: model, state: new Float32Array(model.reduce((n, { size }) => n + size, 0)) };
    expect(initialState(parameters, 'seed').data.length).toBeLessThan(whole.state.length);
    expect(exportInference({ network, inputs: columns, task: {}, ...whole }).length).toBeGreaterThan(1000);
  });

  it.each([
    [[numbers, { ...numbers, name: 'more' }], /numbers, more.*"number".*one such column/],
    [[{ ...categories, dtype: 'f32' as const }], /categories f32\[2\].*"category", expected i32/],
    [
      [{ ...numbers, meaning: { kind: 'features', features: [number('a'), category('b', 'c')] } as const }],
      /numbers f32\[2\].*"number".*of this kind only/,
    ],
  ])('refuses columns that it cannot read: %#', (of, message) => {
    expect(() => onFeatures((_, x) => x, of)).toThrow(message);
    expect(() => onFeatures((_, x) => x, of)).toThrow(NetworkError);
  });
});

describe('the constants of statistics', () => {
  it('are by name what the layer asks for', () => {
    expect(constants).toEqual({
      'preprocess.constants.impute': [60, 200],
      'preprocess.constants.low': [30, 100],
      'preprocess.constants.high': [80, 400],
      'preprocess.constants.mean': [50, 200],
      'preprocess.constants.deviation': [10, 50],
    });
    expect(preprocessConstants([])).toEqual({});
  });

  it.each([
    [{ mean: 7, deviation: 0 }, 1],
    [{ mean: 1e9, deviation: 1e-3 }, 1],
    [{ mean: 0, deviation: 0 }, 1],
    [{ mean: 0, deviation: 1e-20 }, 1e-20],
    [{ mean: 1e9, deviation: 100 }, 100],
    [{}, 1],
  ])('have deviation 1 for a column of one value: %j → %d', (statistics, deviation) => {
    expect(preprocessConstants([statistics])['preprocess.constants.deviation']).toEqual([deviation]);
  });

  it.each([
    [{ mean: Number.NaN }, /"impute" of number 0 is NaN|"mean" of number 0 is NaN/],
    [{ high: Number.POSITIVE_INFINITY }, /"high" of number 0 is Infinity/],
    [{ low: 2, high: 1 }, /number 0 is clipped from 2 to 1/],
  ])('are refused where they would spoil numbers: %j', (statistics, message) => {
    expect(() => preprocessConstants([statistics])).toThrow(message);
    expect(() => preprocessConstants([statistics])).toThrow(NetworkError);
  });
});
