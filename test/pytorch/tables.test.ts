/**
 * The networks for tables, signals, sequences and texts follow PyTorch: the gradients of a step, the losses
 * of ten, the state after them, and the logits of every example in evaluation. `record_tables.py` recorded
 * what PyTorch computes; weights and data are the same functions of position here.
 */
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import type { ColumnFacts } from '../../src/data/dataset.js';
import { MISSING_NUMBER } from '../../src/data/features.js';
import * as g from '../../src/engine/graph/build.js';
import * as c from '../../src/engine/graph/compose.js';
import { resize } from '../../src/engine/graph/resize.js';
import type { Value } from '../../src/engine/graph/value.js';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { encoderLayer } from '../../src/engine/nn/layers/attention.js';
import { batchNorm } from '../../src/engine/nn/layers/batch-norm.js';
import { withConstants } from '../../src/engine/nn/layers/constants.js';
import { ones } from '../../src/engine/nn/layers/initializers.js';
import { dense, embedding, layerNorm } from '../../src/engine/nn/layers/layers.js';
import {
  initialFrozen,
  modelLayoutOf,
  type Network,
  parametersOf,
  weightsIn,
} from '../../src/engine/nn/layers/network.js';
import { maskedMean, paddingMask } from '../../src/engine/nn/layers/padding.js';
import { onFeatures } from '../../src/engine/nn/layers/preprocess.js';
import { preprocessConstants } from '../../src/engine/nn/layers/preprocess-constants.js';
import { gru, lstm } from '../../src/engine/nn/layers/recurrent.js';
import { bagOfEmbeddings } from '../../src/engine/nn/models/bag-of-embeddings.js';
import { cnn1d } from '../../src/engine/nn/models/cnn1d.js';
import { linearModel } from '../../src/engine/nn/models/linear-model.js';
import { mlp } from '../../src/engine/nn/models/mlp.js';
import { tabularResnet } from '../../src/engine/nn/models/tabular-resnet.js';
import { transformer } from '../../src/engine/nn/models/transformer.js';
import { type Optimizer, sgd } from '../../src/engine/nn/optimizers.js';
import { compilePlan } from '../../src/engine/nn/plan.js';
import { classification } from '../../src/engine/nn/tasks/classification.js';
import { ortNode } from '../../src/engine/runtime/node/ort-node.js';
import type { Session } from '../../src/engine/runtime/runtime.js';
import { type ColumnSpec, columnTensor } from '../../src/tensor/column-spec.js';
import { type Shape, sizeOf } from '../../src/tensor/shape.js';
import {
  arrangeState,
  joinStates,
  layoutSize,
  type StateDict,
  type StateLayout,
  tensorView,
} from '../../src/tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../../src/tensor/tensor.js';

interface Recording {
  readonly losses: readonly number[];
  readonly gradients: Readonly<Record<string, readonly [number, number]>>;
  readonly state: Readonly<Record<string, readonly [number, number]>>;
  readonly logits: readonly number[];
}
const { recordings } = JSON.parse(readFileSync(new URL('tables.json', import.meta.url), 'utf8')) as {
  recordings: Readonly<Record<string, Recording>>;
};

const [EXAMPLES, BATCH, CLASSES] = [21, 8, 3];
const VALUES = [4, 3];
const RATE = 0.05;

const waves = (size: number) => Float32Array.from({ length: size }, (_, i) => 2 * Math.sin(1.7 * i + 0.3));
type Columns = readonly { readonly column: ColumnFacts; readonly values: Float32Array | Int32Array }[];
const numbers = (...shape: number[]): Columns => [
  {
    column: { name: 'x', dtype: 'f32', shape, meaning: { kind: 'number' } },
    values: waves(EXAMPLES * sizeOf(shape)),
  },
];

/** Rows with missing numbers, and categories by their codes. */
function rows(): Columns {
  const values = waves(EXAMPLES * 2);
  for (let row = 0; row < EXAMPLES; row++) {
    if (row % 4 === 1) values[2 * row] = MISSING_NUMBER;
    if (row % 5 === 2) values[2 * row + 1] = MISSING_NUMBER;
  }
  const named = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
  const codes = Int32Array.from({ length: EXAMPLES * 2 }, (_, i) => {
    const row = Math.floor(i / 2);
    return i % 2 === 0 ? row % VALUES[0]! : Math.floor((row * 5) / 3) % VALUES[1]!;
  });
  const [a, b] = [named(2), named(1)].map((names, i) => ({ kind: 'category', name: `${i}`, names }) as const);
  const [c, d] = ['c', 'd'].map((name) => ({ kind: 'number', name }) as const);
  return [
    {
      column: {
        ...{ name: 'numbers', dtype: 'f32', shape: [2] },
        meaning: { kind: 'features', features: [c!, d!] },
      },
      values,
    },
    {
      column: {
        ...{ name: 'categories', dtype: 'i32', shape: [2] },
        meaning: { kind: 'features', features: [a!, b!] },
      },
      values: codes,
    },
  ];
}

const VOCABULARY = 11;
const WORDS = 6;
/** Between one token and as many as there is place for, then padding. */
const texts: Columns = [
  {
    column: {
      ...{ name: 'tokens', dtype: 'i32', shape: [WORDS] },
      meaning: { kind: 'tokens', vocabulary: VOCABULARY, padding: 0 },
    },
    values: Int32Array.from({ length: EXAMPLES * WORDS }, (_, i) => {
      const [example, place] = [Math.floor(i / WORDS), i % WORDS];
      return place <= example % WORDS
        ? 1 + ((3 * example + 5 * place * place + place) % (VOCABULARY - 1))
        : 0;
    }),
  },
];

const constants = preprocessConstants([
  { impute: 0.25, low: -1.5, high: 1.5, mean: 0.1, deviation: 0.8 },
  { impute: -0.5, low: -1, high: 1.25, mean: 0.2, deviation: 1.5 },
]);

const signalNorm: Network = (scope, x) =>
  dense(scope.in('fc'), g.flatten(batchNorm(scope.in('norm'), x)), CLASSES);

const recurrent =
  (layer: typeof lstm | typeof gru): Network =>
  (scope, x) => {
    const { sequence, hidden } = layer(scope.in('rnn'), x, { hidden: 5, layers: 2, bidirectional: true });
    return dense(scope.in('fc'), g.concat([g.reduceMean(sequence, [1]), ...hidden.slice(-2)], 1), CLASSES);
  };

/** Convolutions of signals along the last axis, resizing, and activations with kinks. */
const operations: Network = (scope, signals) => {
  const weight = (name: string, ...shape: number[]) => scope.parameter(name, shape, ones);
  const along = (left: number, right = left) => ({ top: 0, left, bottom: 0, right });
  const resized = (x: Value, length: number, coordinates: 'align_corners' | 'half_pixel') =>
    resize(x, [1, length], { mode: 'linear', coordinates });
  let x = g.reshape(signals, [signals.shape[0]!, 2, 1, 13]);
  x = g.conv2d(x, weight('dilated.weight', 6, 2, 1, 3), weight('dilated.bias', 6), {
    ...{ padding: along(2), dilations: [1, 2] },
  });
  x = g.conv2d(c.hardSwish(g.mul(x, 4)), weight('grouped.weight', 6, 3, 1, 3), weight('grouped.bias', 6), {
    ...{ padding: along(3), dilations: [1, 3], groups: 2 },
  });
  x = c.softplus(c.elu(x, 0.7));
  x = g.convTranspose2d(x, weight('up.weight', 6, 4, 1, 3), weight('up.bias', 4), {
    ...{ strides: [1, 2], padding: along(1), outputPadding: [0, 1] },
  });
  x = c.prelu(g.sub(x, 1), g.reshape(weight('prelu.weight', 4), [4, 1, 1]));
  x = resized(c.clamp(resized(x, 17, 'align_corners'), { min: -0.5, max: 1.5 }), 9, 'half_pixel');
  return dense(scope.in('fc'), g.flatten(c.hardSigmoid(c.pow(c.abs(x), 1.5))), CLASSES);
};

/** The transformer with its norms after the parts, as PyTorch has them by default. */
const normAfter: Network = (scope, tokens) => {
  const mask = paddingMask(tokens, 0);
  const embedded = embedding(scope.in('embedding'), tokens, { vocabulary: VOCABULARY, features: 8 });
  let x = g.add(embedded, scope.in('positions').parameter('weight', [WORDS, 8], ones));
  for (const index of [0, 1]) {
    x = encoderLayer(scope.in(`layers.${index}`), x, { heads: 2, feedForward: 12, mask });
  }
  return dense(scope.in('fc'), maskedMean(layerNorm(scope.in('norm'), x), mask), CLASSES);
};

const classes = CLASSES;
const words = { classes, vocabulary: VOCABULARY, width: 8 };
const small = { classes, width: 6, hidden: 8, blocks: 2 } as const;
const table = rows();
const networks: Readonly<Record<string, readonly [Network, Columns]>> = {
  'logistic-regression': [linearModel({ classes }), numbers(5)],
  'mlp with batch norm': [mlp({ classes, hidden: [6, 4], norm: 'batch' }), numbers(5)],
  'mlp with layer norm': [mlp({ classes, hidden: [6, 4], norm: 'layer' }), numbers(5)],
  'tabular-resnet with batch norm': [tabularResnet({ ...small, norm: 'batch' }), numbers(5)],
  'tabular-resnet with layer norm': [tabularResnet({ ...small, norm: 'layer' }), numbers(5)],
  cnn1d: [cnn1d({ classes }), numbers(2, 13)],
  'batch norm of signals': [signalNorm, numbers(2, 13)],
  lstm: [recurrent(lstm), numbers(13, 2)],
  gru: [recurrent(gru), numbers(13, 2)],
  'dilated, transposed, resized': [operations, numbers(2, 13)],
  'rows with embeddings': [
    onFeatures(
      linearModel({ classes }),
      table.map(({ column }) => column),
      2,
    ),
    table,
  ],
  'bag-of-embeddings': [bagOfEmbeddings(words), texts],
  'transformer with the norm after': [normAfter, texts],
  transformer: [transformer({ ...words, heads: 2, feedForward: 12, dropout: 0 }), texts],
};

/** The weights by their position; statistics as they begin. */
function startOf(layout: StateLayout): StateDict {
  const data = new Float32Array(layoutSize(layout));
  const scaleOf = (shape: Shape) => 1 / Math.sqrt(sizeOf(shape.slice(1)));
  for (const [number, { name, shape, offset, size }] of layout.entries()) {
    const statistic = /running_mean$|num_batches/.test(name) ? 0 : /running_var$/.test(name) ? 1 : undefined;
    for (let i = 0; i < size; i++) {
      data[offset + i] = statistic ?? Math.sin(0.7 * i + number) * scaleOf(shape);
    }
  }
  return { layout, data };
}

const summary = (values: ArrayLike<number>) => [
  Array.from(values, (value, i) => value * Math.cos(3 * i + 1)).reduce((a, b) => a + b, 0),
  Math.sqrt(Array.from(values, (value) => value * value).reduce((a, b) => a + b, 0)),
];

function expectClose(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
  what: string,
) {
  expect(actual.length, what).toBe(expected.length);
  const largest = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)));
  expect(largest, what).toBeLessThan(tolerance);
}

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

/** The state after each of so many steps, and their losses. */
async function train(network: Network, columns: Columns, optimizer: Optimizer, rate: number, steps: number) {
  const inputs: ColumnSpec[] = columns.map(({ column }) => column);
  const plan = compilePlan({
    network,
    inputs,
    task: classification({ classes }),
    optimizer,
    batchSize: BATCH,
  });
  const parameters = withConstants(
    parametersOf(network, inputs),
    plan.frozen.length > 0 ? constants : undefined,
  );
  const frozen = initialFrozen(parameters, 'none');
  const session = await ortNode().open(plan.trainingModel);
  opened.push(session);
  const start = startOf(plan.layout);
  let slots = Array.from({ length: plan.slotCount }, () =>
    f32Tensor(new Float32Array(weightsIn(plan.layout))),
  );
  const losses: number[] = [];
  let state = start;
  for (let step = 0; step < steps; step++) {
    const begin = (step % 3) * BATCH;
    const filled = Math.min(BATCH, EXAMPLES - begin);
    const feeds = columns.map(({ column, values }) => {
      const size = sizeOf(column.shape);
      // What stands in the empty places must not matter.
      const batch = values.slice(0, BATCH * size).fill(column.dtype === 'i32' ? 0 : 3);
      batch.set(values.subarray(begin * size, (begin + filled) * size));
      return [column.name, columnTensor(column, batch as Float32Array, BATCH)];
    });
    const labels = Int32Array.from({ length: BATCH }, (_, i) => ((begin + i) * 7) % CLASSES);
    const results = await session.run({
      state: f32Tensor(state.data),
      ...Object.fromEntries(slots.map((slot, index) => [`slot${index}`, slot])),
      ...Object.fromEntries(feeds),
      ...(plan.frozen.length > 0 && { frozen: f32Tensor(frozen.data) }),
      labels: i32Tensor(labels),
      weights: f32Tensor(Float32Array.from({ length: BATCH }, (_, i) => Number(i < filled))),
      learningRate: f32Tensor(Float32Array.of(rate), []),
      step: i32Tensor(Int32Array.of(step + 1), []),
      seed: i32Tensor(Int32Array.of(0), []),
    });
    losses.push(results.lossSum!.data[0]! / results.counted!.data[0]!);
    state = { layout: plan.layout, data: Float32Array.from(results.nextState!.data) };
    slots = slots.map((_, index) => f32Tensor(Float32Array.from(results[`nextSlot${index}`]!.data)));
  }
  const whole = arrangeState(
    joinStates(modelLayoutOf(parameters), state, frozen),
    modelLayoutOf(parameters),
    'the model',
  );
  return { start, state, losses, whole };
}

describe.each(Object.entries(recordings))('%s', (name, recorded) => {
  const [network, columns] = networks[name]!;

  it('has the gradients of PyTorch', async () => {
    const { start, state } = await train(network, columns, sgd(), 1, 1);
    const found = start.layout.map(({ name }) => name).filter((name) => !/running|batches/.test(name));
    expect(found).toEqual(Object.keys(recorded.gradients));
    for (const [tensor, expected] of Object.entries(recorded.gradients)) {
      const [before, after] = [tensorView(start, tensor), tensorView(state, tensor)];
      expectClose(summary(before.map((value, i) => value - after[i]!)), expected, 1e-5, tensor);
    }
  });

  it('has its losses over ten steps, its state after them, and its logits', async () => {
    const { losses, state, whole } = await train(network, columns, sgd({ momentum: 0.9 }), RATE, 10);
    expectClose(losses, recorded.losses, 1e-5, 'losses');
    for (const [tensor, expected] of Object.entries(recorded.state)) {
      expectClose(summary(tensorView(state, tensor)), expected, 5e-5, tensor);
    }
    const inputs = columns.map(({ column }) => column);
    const task = classification({ classes });
    const model = exportInference({ network, inputs, task, layout: whole.layout, state: whole.data });
    const session = await ortNode().open(model);
    opened.push(session);
    const { logits } = await session.run(
      Object.fromEntries(
        columns.map(({ column, values }) => [
          column.name,
          columnTensor(column, values as Float32Array, EXAMPLES),
        ]),
      ),
    );
    expectClose(logits!.data, recorded.logits, 5e-5, 'logits');
  });
});

it('a batch of one example is normalized by the running values, and moves them not at all', async () => {
  const network = mlp({ classes, hidden: [4], norm: 'batch' });
  const inputs = [numbers(5)[0]!.column];
  const plan = compilePlan({
    ...{ network, inputs, task: classification({ classes }), optimizer: sgd(), batchSize: 2 },
  });
  const session = await ortNode().open(plan.trainingModel);
  opened.push(session);
  const start = startOf(plan.layout);
  const { nextState } = await session.run({
    state: f32Tensor(start.data),
    x: columnTensor(inputs[0]!, waves(10), 2),
    labels: i32Tensor(Int32Array.of(1, 0)),
    weights: f32Tensor(Float32Array.of(1, 0)),
    learningRate: f32Tensor(Float32Array.of(0.1), []),
    step: i32Tensor(Int32Array.of(1), []),
    seed: i32Tensor(Int32Array.of(0), []),
  });
  const after = { layout: plan.layout, data: Float32Array.from(nextState!.data) };
  for (const name of ['norm1.running_mean', 'norm1.running_var', 'norm1.num_batches_tracked']) {
    expect(tensorView(after, name)).toEqual(tensorView(start, name));
  }
  expect(tensorView(after, 'fc1.weight')).not.toEqual(tensorView(start, 'fc1.weight'));
  expect(after.data.every(Number.isFinite)).toBe(true);
});
