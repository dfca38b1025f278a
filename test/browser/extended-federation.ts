/**
 * A federation of what a program brings: arrays of its own, and a network, a task, a method with a
 * graph, a strategy and a codec. Node runs it natively, and a page by itself.
 */
import { factsOfMetrics } from '../../src/engine/nn/tasks/evaluation-sums.js';
import {
  arrayDataset,
  type Codec,
  type ConfigurationInput,
  type Extensions,
  graph as g,
  mlp,
  randomStream,
  type Task,
  type Value,
} from '../../src/index.js';
import { downhill, slope } from '../slope-method.js';

const EXAMPLES = 60;
const random = randomStream('a curve');
const xs = Float32Array.from({ length: EXAMPLES }, () => random.normal());

export const curve = arrayDataset({
  name: 'curve',
  inputs: [{ name: 'x', values: xs, shape: [1] }],
  targets: [{ name: 'y', values: xs.map((x) => Math.sin(2 * x) + x) }],
});

/** √(1 + (z − y)²) − 1: of small errors half their square, of large ones their size. */
const lossesOf = (output: Value, [y]: readonly Value[]) => {
  const error = g.sub(g.reshape(output, [output.shape[0] ?? 1]), y as Value);
  return g.sub(g.sqrt(g.add(g.mul(error, error), 1)), 1);
};

const pseudoHuber: Task = {
  name: 'pseudo-huber',
  targets: [{ name: 'y', dtype: 'f32', shape: [] }],
  output: [1],
  unit: 'example',
  losses: lossesOf,
  metrics: [
    {
      ...{ name: 'error', better: 'lower', format: 'number' },
      sums: (output, targets, weights) => ({ error: g.reduceSum(g.mul(lossesOf(output, targets), weights)) }),
      figure: ({ error, counted }) => g.div(error as Value, counted as Value),
    },
  ],
  outputs: (output) => ({ y: output }),
};

/**
 * Each change as a whole number from -32767 to 32767, with one scale for each tensor: so fine that a
 * number that is rounded to its neighbour changes little.
 */
const int16: Codec = {
  name: 'int16',
  parts: (shape) => [
    { suffix: '', dtype: 'I16', shape },
    { suffix: '.scale', dtype: 'F32', shape: [1] },
  ],
  encode(values, base) {
    const changes = values.map((value, i) => value - (base[i] as number));
    const scale = Math.fround(changes.reduce((most, change) => Math.max(most, Math.abs(change)), 0) / 32_767);
    const steps = Int16Array.from(changes, (change) => (scale === 0 ? 0 : Math.round(change / scale)));
    return [steps, Float32Array.of(scale)];
  },
  decode([steps, scale], base) {
    return base.map((value, i) => value + (steps?.[i] as number) * (scale?.[0] as number));
  },
};

export const extensions: Extensions = {
  network: mlp({ classes: 1, hidden: [8] }),
  task: pseudoHuber,
  methods: [slope],
  strategies: [downhill],
  codecs: [int16],
};

export const extendedFederation = {
  seed: 3,
  dataset: curve.name,
  partition: { name: 'iid', participants: 2 },
  model: { name: 'custom' },
  task: { name: 'custom', metrics: factsOfMetrics(pseudoHuber) },
  optimizer: { name: 'adam', learningRate: 0.02 },
  batchSize: 8,
  local: { epochs: 3 },
  rounds: 3,
  strategy: 'downhill',
  codec: { update: int16.name, model: int16.name },
} satisfies ConfigurationInput;
