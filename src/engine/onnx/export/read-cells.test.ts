import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { ColumnFacts } from '../../../data/dataset.js';
import { type CategoryFeature, missingCategory, type NumberFeature } from '../../../data/features.js';
import { categoryReader } from '../../../data/tables/category-reader.js';
import { CellProblems } from '../../../data/tables/cell-problems.js';
import { MISSING_CODE } from '../../../data/tables/cell-readers.js';
import { stateLayout } from '../../../tensor/state-dict.js';
import * as g from '../../graph/build.js';
import { exportInference, type TrainedNetwork } from '../../nn/export-inference.js';
import type { Network } from '../../nn/layers/network.js';
import { readModel } from '../import/read-model.js';
import { CELL_OPERATORS, OPERATORS } from '../operators.js';
import { VERSION } from './producer.js';

const number = (name: string, missing: number[] = []): NumberFeature => ({ kind: 'number', name, missing });
const category = (name: string, names: string[], missing: string[] = []): CategoryFeature => ({
  ...{ kind: 'category', name, names, missing },
});
const columns = (numbers: NumberFeature[], categories: CategoryFeature[]): ColumnFacts[] => [
  {
    ...{ name: 'numbers', dtype: 'f32', shape: [numbers.length] },
    meaning: { kind: 'features', features: numbers },
  },
  {
    ...{ name: 'categories', dtype: 'i32', shape: [categories.length] },
    meaning: { kind: 'features', features: categories },
  },
];

/** Gives what it reads: the numbers, then the codes; 7 for a missing number. */
const reading: Network = (_, numbers, codes) =>
  g.concat([g.where(g.greater(-3e38, numbers), 7, numbers), g.cast(codes!, 'f32')], 1);
const exported = (of: ColumnFacts[], change: Partial<TrainedNetwork> = {}) =>
  exportInference({
    ...{ network: reading, inputs: of, columns: of, task: {} },
    ...{ layout: stateLayout([]), state: new Float32Array(0) },
    ...change,
  });

async function read(model: Uint8Array, feeds: Readonly<Record<string, readonly (number | string)[]>>) {
  const session = await InferenceSession.create(model);
  const tensors = Object.entries(feeds).map(([name, values]) => [
    name,
    typeof values[0] === 'string'
      ? new Tensor('string', values as string[], [values.length])
      : new Tensor('float32', Float32Array.from(values as number[]), [values.length]),
  ]);
  const { output } = await session.run(Object.fromEntries(tensors));
  return { inputs: session.inputNames, values: [...((output as Tensor).data as Float32Array)] };
}

describe('the cells of a table', () => {
  it('are numbers, missing as NaN or by a number that stands for it', async () => {
    const of = columns([number('age'), number('chol', [0, -9])], [category('sex', ['F', 'M'])]);
    const { values } = await read(exported(of), {
      age: [40, Number.NaN, 0, -9],
      chol: [0, 200, -9, Number.POSITIVE_INFINITY],
      sex: ['F', 'F', 'F', 'F'],
    });
    expect(values).toEqual([40, 7, 0, 7, 200, 0, 0, 7, 0, -9, Number.POSITIVE_INFINITY, 0]);
  });

  it('are texts: known ones, others, and missing ones', async () => {
    const of = columns(
      [number('n')],
      [category('cp', ['typical', '가슴'], ['?']), category('b', ['0', '1'])],
    );
    const { values } = await read(exported(of), {
      n: [1, 1, 1, 1, 1],
      cp: ['typical', '가슴', '', '?', 'Typical'],
      b: ['1', '0', '2', '?', ''],
    });
    expect(values).toEqual([1, 0, 1, 1, 1, 0, 1, 3, 2, 1, 3, 2, 1, 2, 3]);
  });

  it('are missing by the words, and whole numbers as pandas writes them, by which tables are read', async () => {
    const texts = ['', 'NA', 'na', 'Na', 'n/A', '#N/A', '#NA', '<NA>', 'NaN', '-nan', 'NULL', 'Null'];
    texts.push('none', 'None', '?', 'unknown', '1', '1.0', '2.0', '-3.0', 'nanna', 'N');
    const names = ['1', 'NA', '-3', 'none'];
    const missing = ['?', 'unknown'];
    const feature = category('c', names, missing);
    const { values } = await read(exported(columns([number('n')], [feature])), {
      n: texts.map(() => 0),
      c: texts,
    });
    const spec = { name: 'c', value: { kind: 'category', names, missing } } as const;
    const reader = categoryReader(spec, new CellProblems('a.csv'));
    const codes = texts.map((text) => reader.readValue(text));
    const expected = codes.map((code) => (code === MISSING_CODE ? missingCategory(feature) : code));
    expect(texts.map((text, at) => [text, values[2 * at + 1]])).toEqual(
      texts.map((text, at) => [text, expected[at]]),
    );
    // A name that is such a word is a name.
    expect([expected[1], expected[2], expected[17]]).toEqual([1, 5, 0]);
  });

  it('have inputs of their names, also where other parts of the model are called so', async () => {
    const names = ['v0', 'c0', 'v1', 'output', 'fc.weight'];
    const of = columns(
      names.map((name) => number(name)),
      [category('v2', ['a'])],
    );
    const layout = stateLayout([['fc.weight', [1]]]);
    const weighted: Network = (scope, numbers, codes) =>
      g.mul(
        reading(scope, numbers, codes!),
        scope.in('fc').parameter('weight', [1], () => {}),
      );
    const model = exported(of, { network: weighted, layout, state: Float32Array.of(2) });
    const [one, ...others] = ['v0', 'c0', 'v1', 'output_', 'fc.weight_', 'v2'].reverse();
    const feeds = Object.fromEntries([[one!, ['a']], ...others.map((name, at) => [name, [at]])]);
    const { inputs, values } = await read(model, feeds);
    expect(inputs).toEqual(['v0', 'c0', 'v1', 'output_', 'fc.weight_', 'v2']);
    expect(values).toEqual([8, 6, 4, 2, 0, 0]);
  });

  it('are read by an operator that no model from elsewhere may have', () => {
    const of = columns([number('n')], [category('c', ['a'])]);
    // A plan has no version of its producer, either.
    const version = [(3 << 3) | 2, VERSION.length, ...new TextEncoder().encode(VERSION)];
    const bytes = Buffer.from(exported(of));
    const at = bytes.indexOf(Buffer.from(version));
    const plan = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + version.length)]);
    expect(() => readModel(plan, 'the plan')).toThrow(
      /has a domain of its own, which models of this package never have/,
    );
    expect(Object.keys(OPERATORS).filter((name) => Object.hasOwn(CELL_OPERATORS, name))).toEqual([]);
  });
});
