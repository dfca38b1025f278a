/**
 * Every operator that is taken gives what ONNX Runtime gives for it: a model of the one node, with
 * operands that are data, weights and constants. A case is missing at compile time if an operator
 * has none.
 */
import { readFileSync } from 'node:fs';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import * as g from '../../src/engine/graph/build.js';
import { evaluate } from '../../src/engine/graph/evaluate.js';
import type { Value } from '../../src/engine/graph/value.js';
import { readForeignModel } from '../../src/engine/onnx/import/file/read-foreign-model.js';
import { importGraph } from '../../src/engine/onnx/import/import-graph.js';
import type { ImportedOperator } from '../../src/engine/onnx/import/rules/rules.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { type WrittenAttribute, type WrittenTensor, writeModel } from './write-model.js';

interface Operand {
  readonly shape: readonly number[];
  readonly data: WrittenTensor['data'];
  readonly is: 'data' | 'weight' | 'constant' | 'absent';
}

interface OperatorCase {
  readonly operands: readonly Operand[];
  readonly attributes?: Readonly<Record<string, WrittenAttribute>>;
  readonly outputs?: number;
  readonly opset?: number;
}

const waves = (shape: readonly number[], from = 0, scale = 2) =>
  Float32Array.from({ length: sizeOf(shape) }, (_, i) => scale * Math.sin(1.7 * (i + from) + 0.3));
const x = (...shape: number[]): Operand => ({ shape, data: waves(shape), is: 'data' });
const y = (...shape: number[]): Operand => ({ shape, data: waves(shape, 5), is: 'data' });
/** Above 0. */
const p = (...shape: number[]): Operand => ({
  shape,
  data: waves(shape).map((v) => v * v + 0.3),
  is: 'data',
});
const w = (...shape: number[]): Operand => ({ shape, data: waves(shape, 3, 0.7), is: 'weight' });
const ones = (...shape: number[]): Operand => ({
  shape,
  data: waves(shape, 3, 0.2).map((v) => v + 1),
  is: 'weight',
});
const ints = (...values: number[]): Operand => ({
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
  is: 'constant',
});
const int = (value: number): Operand => ({ ...ints(value), shape: [] });
const floats = (...values: number[]): Operand => ({
  shape: [values.length],
  data: Float32Array.from(values),
  is: 'constant',
});
const float = (value: number): Operand => ({ ...floats(value), shape: [] });
const flags = (...values: number[]): Operand => ({
  shape: [values.length],
  data: Uint8Array.from(values),
  is: 'data',
});
const absent: Operand = { shape: [], data: new Float32Array(0), is: 'absent' };
const shaped = (operand: Operand, ...shape: number[]): Operand => ({ ...operand, shape });

const of = (
  operands: readonly Operand[],
  attributes: OperatorCase['attributes'] = {},
  more: Omit<OperatorCase, 'operands' | 'attributes'> = {},
): OperatorCase => ({ operands, attributes, ...more });
const one = (attributes: OperatorCase['attributes'] = {}, opset = 18) => [
  of([x(2, 6)], attributes, { opset }),
];
const two = [of([x(2, 3), y(2, 3)]), of([x(2, 3), y(3)]), of([floats(1, 2), floats(3)])];
const compared = [...two, of([ints(1, 5, 3), ints(4, 2, 3)])];
const reduced = [of([x(2, 3, 4), ints(1)]), of([x(2, 3, 4), ints(0, 2)], { keepdims: 0 }), of([x(2, 3)])];
const reducedBefore18 = [...reduced, of([x(2, 3, 4)], { axes: [1, -1], keepdims: 0 }, { opset: 13 })];
const positive = [of([p(2, 5)])];
const window = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 0, 1, 1] };

const CASES: Readonly<Record<ImportedOperator, readonly OperatorCase[]>> = {
  Abs: one(),
  Add: [...compared, of([x(2, 3), w(3)])],
  And: [of([flags(0, 1, 0, 1), flags(0, 0, 1, 1)])],
  ArgMax: [of([x(2, 5)], { axis: 1 }), of([x(2, 5)], { axis: 0, keepdims: 0 })],
  AveragePool: [
    of([x(1, 2, 7, 7)], window),
    of([x(1, 2, 7, 7)], { ...window, count_include_pad: 1 }),
    of([x(1, 2, 8, 7)], { kernel_shape: [3, 2], strides: [2, 2], ceil_mode: 1 }, { opset: 19 }),
    of([x(2, 3, 8)], { kernel_shape: [2], strides: [2] }),
  ],
  BatchNormalization: [],
  Bernoulli: [],
  Cast: [
    of([x(5)], { to: 7 }),
    of([floats(1.7, -1.7)], { to: 7 }),
    of([ints(0, 3)], { to: 9 }),
    of([flags(0, 1)], { to: 1 }),
  ],
  CastLike: [of([ints(1, 2), x(1)]), of([x(3), ints(1)])],
  Ceil: [of([floats(1.2, -1.2, 3)])],
  Celu: one({ alpha: { float: 0.7 } }),
  Clip: [
    of([x(6), float(-0.5), float(0.7)]),
    of([x(6), absent, float(0.7)]),
    of([x(6), float(0)]),
    of([ints(3, 9), int(4), int(8)]),
  ],
  Concat: [
    of([x(2, 3), y(2, 2)], { axis: 1 }),
    of([ints(1), ints(2, 3)], { axis: 0 }),
    of([x(2, 3), y(2, 3)], { axis: -2 }),
  ],
  Constant: [
    of([], { value: { tensor: { name: '', shape: [2], data: Float32Array.of(1, 2) } } }),
    of([], { value_ints: [3, 4] }),
    of([], { value_float: { float: 0.5 } }),
    of([], { value_floats: { floats: [0.5, 2] } }),
    of([], { value_int: 7 }),
  ],
  ConstantOfShape: [
    of([ints(2, 3)]),
    of([ints(2)], { value: { tensor: { name: '', shape: [1], data: BigInt64Array.of(5n) } } }),
  ],
  Conv: [
    of([x(1, 2, 7, 7), w(4, 2, 3, 3), w(4)], window),
    of([x(1, 4, 6, 6), w(4, 1, 3, 3)], { group: 4, pads: [1, 1, 1, 1] }),
    of([x(1, 2, 9, 9), w(3, 2, 3, 3)], { dilations: [2, 2] }),
    of([x(1, 2, 7, 6), w(3, 2, 3, 2)], { auto_pad: 'SAME_UPPER', strides: [2, 2] }),
    of([x(1, 2, 7, 6), w(3, 2, 2, 2)], { auto_pad: 'SAME_LOWER', strides: [2, 2] }),
    of([x(1, 2, 7, 6), w(3, 2, 2, 2)], { auto_pad: 'VALID' }),
    of([x(2, 3, 9), w(4, 3, 3), w(4)], { dilations: [2], pads: [1, 2], strides: [2] }),
  ],
  ConvTranspose: [
    of([x(1, 3, 4, 5), w(3, 2, 2, 2), w(2)], { strides: [2, 2] }),
    of([x(1, 4, 4, 4), w(4, 1, 3, 3)], {
      group: 2,
      strides: [2, 2],
      pads: [1, 1, 1, 1],
      output_padding: [1, 1],
    }),
    of([x(1, 3, 5), w(3, 2, 3)], { strides: [2], pads: [1, 1] }),
  ],
  Cos: [of([floats(0.3, 2)])],
  CumSum: [
    of([x(2, 4), int(1)]),
    of([x(3, 2), int(0)], { exclusive: 1 }),
    of([ints(1, 2, 3), int(0)], { reverse: 1 }),
  ],
  DepthToSpace: [of([x(1, 8, 2, 3)], { blocksize: 2 }), of([x(1, 8, 2, 3)], { blocksize: 2, mode: 'CRD' })],
  Div: [of([x(2, 3), p(2, 3)]), of([ints(7, -7), ints(2)])],
  Dropout: [of([x(2, 3), float(0.3)]), of([x(2, 3)], { ratio: { float: 0.3 } }, { opset: 11 })],
  Elu: one({ alpha: { float: 0.7 } }),
  Equal: [...compared, of([flags(0, 1), flags(1, 1)])],
  Erf: one(),
  Exp: one(),
  Expand: [of([x(3, 1), ints(2, 1, 4)]), of([ints(4), ints(3)])],
  Flatten: [of([x(2, 3, 4)]), of([x(2, 3, 4)], { axis: 2 }), of([x(2, 3)], { axis: -1 })],
  Floor: [of([floats(1.2, -1.2, 3)])],
  GRU: [
    of(
      [x(4, 2, 3), w(1, 6, 3), w(1, 6, 2), w(1, 12)],
      { hidden_size: 2, linear_before_reset: 1 },
      { outputs: 2 },
    ),
    of(
      [x(4, 2, 3), w(2, 6, 3), w(2, 6, 2), w(2, 12), absent, y(2, 2, 2)],
      { hidden_size: 2, linear_before_reset: 1, direction: 'bidirectional' },
      { outputs: 2 },
    ),
  ],
  Gather: [
    of([x(4, 3), ints(2, 0, -1)]),
    of([x(4, 3), int(1)], { axis: 1 }),
    of([ints(5, 6, 7), ints(2, 1)]),
    of([x(4, 3), ints(1, 1, 1)]),
  ],
  GatherElements: [of([x(2, 3), shaped(ints(0, 1, 1, 0), 2, 2)], { axis: 1 })],
  GatherND: [of([x(2, 3, 2), shaped(ints(0, 1, 1, 2), 2, 2)]), of([x(2, 3), shaped(ints(1, 0), 2, 1)])],
  Gelu: [...one({}, 20), ...one({ approximate: 'tanh' }, 20)],
  Gemm: [
    of([x(2, 3), w(4, 3), w(4)], { transB: 1 }),
    of([x(3, 2), w(3, 4), w(2, 4)], { transA: 1, alpha: { float: 0.5 }, beta: { float: 2 } }),
    of([x(2, 3), w(3, 4)]),
  ],
  GlobalAveragePool: [of([x(2, 3, 4, 5)]), of([x(2, 3, 4)])],
  GlobalMaxPool: [of([x(2, 3, 4, 5)])],
  Greater: compared,
  GreaterOrEqual: compared,
  GroupNormalization: [of([x(2, 4, 3, 3), ones(4), w(4)], { num_groups: 2 }, { opset: 21 })],
  HardSigmoid: [of([x(12)]), of([x(12)], { alpha: { float: 1 / 6 } })],
  HardSwish: one(),
  Identity: one(),
  InstanceNormalization: [
    of([x(2, 3, 4, 4), ones(3), w(3)], { epsilon: { float: 1e-3 } }),
    of([x(2, 3, 5), ones(3), w(3)]),
  ],
  IsInf: [of([floats(1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY)])],
  IsNaN: [of([floats(1, Number.NaN)]), of([x(3)])],
  LSTM: [
    of([x(4, 2, 3), w(1, 8, 3), w(1, 8, 2), w(1, 16)], { hidden_size: 2 }, { outputs: 3 }),
    of(
      [x(4, 2, 3), w(1, 8, 3), w(1, 8, 2), absent, absent, y(1, 2, 2), x(1, 2, 2)],
      { hidden_size: 2, direction: 'reverse' },
      { outputs: 3 },
    ),
    of(
      [x(4, 2, 3), w(2, 8, 3), w(2, 8, 2), w(2, 16)],
      { hidden_size: 2, direction: 'bidirectional' },
      { outputs: 3 },
    ),
  ],
  LayerNormalization: [
    of([x(2, 3, 4), ones(4), w(4)]),
    of([x(2, 3, 4), ones(3, 4)], { axis: 1, epsilon: { float: 1e-3 } }),
  ],
  LeakyRelu: one({ alpha: { float: 0.2 } }),
  Less: compared,
  LessOrEqual: compared,
  Log: positive,
  LogSoftmax: [of([x(2, 3)]), of([x(2, 3, 2)], {}, { opset: 12 }), of([x(2, 3, 2)], { axis: 1 })],
  LpNormalization: [of([x(2, 3)]), of([x(2, 3)], { p: 1, axis: 0 })],
  MatMul: [
    of([x(2, 3), w(3, 4)]),
    of([x(2, 2, 3), w(3, 4)]),
    of([x(2, 2, 3), y(2, 3, 2)]),
    of([x(3), w(3, 4)]),
    of([x(2, 3), w(3)]),
  ],
  Max: [...two, of([x(3)]), of([x(3), y(3), p(3)])],
  MaxPool: [
    of([x(1, 2, 7, 7)], window),
    of([x(1, 2, 8, 7)], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
    of([x(1, 2, 6, 6)], { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1 }),
    of([x(2, 3, 9)], { kernel_shape: [3], strides: [2], pads: [1, 1] }),
  ],
  Mean: [of([x(3), y(3), p(3)])],
  Min: [...two, of([x(3), y(3), p(3)])],
  Mish: one(),
  Mod: [of([ints(7, -7), ints(3)])],
  Mul: [...compared, of([x(2, 3), w(3)])],
  Neg: one(),
  Not: [of([flags(0, 1)])],
  OneHot: [of([ints(1, 0, 2), int(3), floats(0, 1)]), of([ints(1, 0), int(3), floats(-1, 2)], { axis: 0 })],
  Or: [of([flags(0, 1, 0, 1), flags(0, 0, 1, 1)])],
  PRelu: [of([x(2, 3, 4), w(3, 1)])],
  Pad: [
    of([x(2, 3), ints(0, 1, 1, 2)]),
    of([x(2, 3), ints(0, 1, 1, 2), float(1.5)]),
    of([x(1, 4), ints(0, 2, 0, 1)], { mode: 'reflect' }),
    of([x(1, 4), ints(0, 2, 0, 1)], { mode: 'edge' }),
    of([x(2, 4), ints(0, -1, 0, 1)]),
  ],
  Pow: [of([p(2, 3), float(1.5)]), of([x(2, 3), float(2)]), of([x(2, 3), int(3)]), of([p(2, 3), y(2, 3)])],
  RandomUniform: [],
  RandomUniformLike: [],
  Range: [of([int(1), int(9), int(3)]), of([float(0), float(1), float(0.25)])],
  Reciprocal: positive,
  ReduceL1: reducedBefore18,
  ReduceL2: reducedBefore18,
  ReduceLogSumExp: reducedBefore18,
  ReduceMax: reducedBefore18,
  ReduceMean: reducedBefore18,
  ReduceMin: reducedBefore18,
  ReduceProd: [of([ints(2, 3, 4)], { keepdims: 0 })],
  ReduceSum: reduced,
  ReduceSumSquare: reducedBefore18,
  Relu: one(),
  Reshape: [of([x(2, 6), ints(0, -1, 3)]), of([x(2, 6), ints(4, 3)]), of([ints(1, 2, 3, 4), ints(2, -1)])],
  Resize: [
    of([x(1, 2, 3, 4), absent, floats(1, 1, 2, 2)], { mode: 'linear' }),
    of([x(1, 2, 3, 4), absent, absent, ints(1, 2, 5, 7)], {
      mode: 'linear',
      coordinate_transformation_mode: 'align_corners',
    }),
    of([x(1, 2, 3, 4), absent, floats(1, 1, 2, 2)], {
      mode: 'nearest',
      coordinate_transformation_mode: 'asymmetric',
      nearest_mode: 'floor',
    }),
  ],
  Round: [of([floats(0.5, 1.5, 2.4, -0.5)])],
  Selu: one(),
  Shape: [of([x(2, 3, 4)]), of([x(2, 3, 4)], { start: 1 }), of([x(2, 3, 4)], { start: -2, end: 2 })],
  Sigmoid: one(),
  Sign: [of([floats(-2, 0, 3)])],
  Sin: [of([floats(0.3, 2)])],
  Size: [of([x(2, 3, 4)])],
  Slice: [
    of([x(4, 5), ints(1, 0), ints(3, 5), ints(0, 1), ints(1, 2)]),
    of([x(4, 5), ints(-3), ints(2 ** 40), ints(1)]),
    of([x(4), ints(-1), ints(-9), ints(0), ints(-1)]),
    of([ints(1, 2, 3), ints(1), ints(3)]),
  ],
  Softmax: [of([x(2, 3)]), of([x(2, 3, 2)], {}, { opset: 12 }), of([x(2, 3, 2)], { axis: 1 })],
  Softplus: one(),
  Softsign: one(),
  SpaceToDepth: [of([x(1, 2, 4, 6)], { blocksize: 2 })],
  Split: [
    of([x(2, 6), ints(2, 4)], { axis: 1 }, { outputs: 2 }),
    of([x(2, 7)], { axis: 1, num_outputs: 3 }, { outputs: 3 }),
    of([x(4, 2)], {}, { outputs: 2, opset: 13 }),
    of([x(2, 6)], { axis: 1, split: [1, 5] }, { outputs: 2, opset: 11 }),
  ],
  Sqrt: positive,
  Squeeze: [of([x(2, 1, 3), ints(1)]), of([x(2, 1, 3, 1)]), of([x(2, 1, 3)], { axes: [1] }, { opset: 11 })],
  Sub: compared,
  Sum: [of([x(3), y(3), p(3)])],
  Tanh: one(),
  ThresholdedRelu: one({ alpha: { float: 0.5 } }),
  Tile: [of([x(2, 3), ints(2, 1)]), of([x(2, 3), ints(1, 3)]), of([ints(1, 2), ints(2)])],
  Transpose: [of([x(2, 3, 4)]), of([x(2, 3, 4)], { perm: [1, 2, 0] })],
  Trilu: [of([x(3, 4)]), of([x(2, 3, 3), int(1)], { upper: 0 })],
  Unsqueeze: [of([x(2, 3), ints(0, -1)]), of([x(2, 3)], { axes: [1] }, { opset: 11 })],
  Upsample: [],
  Where: [of([flags(0, 1, 1), x(3), y(3)]), of([flags(0, 1, 1), x(3), float(Number.NEGATIVE_INFINITY)])],
  Xor: [of([flags(0, 1, 0, 1), flags(0, 0, 1, 1)])],
};

const FLOAT = 1;

function modelOf(
  operator: string,
  { operands, attributes = {}, outputs = 1, opset = 18 }: OperatorCase,
  output: number,
) {
  const named = operands.map((operand, index) => ({
    ...operand,
    name: { data: `x${index}`, weight: `w${index}.weight`, constant: `val_${index}`, absent: '' }[operand.is],
  }));
  const results = Array.from({ length: outputs }, (_, index) => `y${index}`);
  const model = writeModel({
    nodes: [
      { operator, inputs: named.map(({ name }) => name), outputs: results, attributes },
      { operator: 'Cast', inputs: [`y${output}`], outputs: ['result'], attributes: { to: FLOAT } },
    ],
    tensors: named.filter(({ is }) => is === 'weight' || is === 'constant'),
    inputs: named
      .filter(({ is }) => is === 'data')
      .map(({ name, shape, data }) => ({ name, shape, type: data instanceof Float32Array ? FLOAT : 9 })),
    outputs: [{ name: 'result', shape: [] }],
    opset,
  });
  return { model, named };
}

/** An output of the node by ONNX Runtime, and by our graph of the file. */
async function bothWays(operator: string, one: OperatorCase, output: number) {
  const { model, named } = modelOf(operator, one, output);
  const session = await InferenceSession.create(model, { logSeverityLevel: 3 });
  const data = named.filter(({ is }) => is === 'data');
  const feeds = data.map(({ name, shape, data: values }) => [
    name,
    values instanceof Float32Array
      ? new Tensor('float32', values, shape)
      : new Tensor('bool', values as Uint8Array, shape),
  ]);
  const expected = (await session.run(Object.fromEntries(feeds))).result!;
  await session.release();

  const foreign = readForeignModel(model, 'the model', undefined);
  const end = { output: 'result', value: 'result', cut: [] };
  const graph = importGraph(foreign, end, 'the model');
  const inputs = new Map<string, Value>(data.map(({ name, shape }) => [name, g.input(name, shape)]));
  const weights = new Map(graph.weights.map(({ name, shape }) => [name, g.input(name, shape)]));
  const value = graph.run(inputs, weights, {
    keys: undefined,
    nextStream: () => 0,
    batchNorm: () => {
      throw new Error('no batch norm');
    },
  });
  const values = Object.fromEntries(
    named.flatMap((operand) =>
      operand.data instanceof BigInt64Array ? [] : [[operand.name, Float32Array.from(operand.data)]],
    ),
  );
  return {
    expected,
    shape: value.shape,
    numbers: evaluate({ outputs: { value } }, values).value!,
  };
}

describe.each(Object.entries(CASES).filter(([, cases]) => cases.length > 0))('%s', (operator, cases) => {
  it.each(cases.map((one, index) => [index, one] as const))('case %i', async (_, one) => {
    for (let output = 0; output < (one.outputs ?? 1); output++) {
      const { expected, shape, numbers } = await bothWays(operator, one, output);
      expect(shape).toEqual(expected.dims);
      const largest = Math.max(
        ...Array.from(numbers, (number, i) => distance(number, Number(expected.data[i]))),
      );
      expect(largest, `output ${output}`).toBeLessThan(2e-6);
    }
  });
});

const distance = (a: number, b: number) => (Object.is(a, b) ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b)));

it('every operator has a case, or a test of its own', () => {
  const without = Object.entries(CASES).filter(([, cases]) => cases.length === 0);
  // Those with a state or random numbers: import-network.test.ts. ONNX Runtime has no Upsample.
  expect(without.map(([operator]) => operator)).toEqual([
    'BatchNormalization',
    'Bernoulli',
    'RandomUniform',
    'RandomUniformLike',
    'Upsample',
  ]);
});

it('docs/own-networks.md lists every operator that is taken', () => {
  const page = readFileSync(new URL('../../docs/own-networks.md', import.meta.url), 'utf8');
  expect(Object.keys(CASES).filter((operator) => !page.includes(`\`${operator}\``))).toEqual([]);
});
