/**
 * Data of other kinds than pictures with classes, through the same modules: each trains, is
 * measured, and has the right gradient.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { segmentation } from '../../test/segmentation.js';
import {
  distanceSet,
  IGNORED,
  maskSet,
  reader,
  SIDE,
  segmenter,
  sentenceSet,
} from '../../test/small-datasets.js';
import { randomStream } from '../base/random.js';
import { batches } from '../data/batches/batches.js';
import { type Dataset, requireHeld } from '../data/dataset.js';
import * as g from '../engine/graph/build.js';
import { evaluate } from '../engine/graph/evaluate.js';
import { carryOf } from '../engine/nn/carry.js';
import {
  applyNetwork,
  initialState,
  inputsOfBatch,
  layoutOf,
  type Network,
  parametersOf,
} from '../engine/nn/layers/network.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { sgd } from '../engine/nn/optimizers.js';
import { compilePlan } from '../engine/nn/plan.js';
import { tensorsOf } from '../engine/nn/state-inputs.js';
import { classification } from '../engine/nn/tasks/classification.js';
import { regression } from '../engine/nn/tasks/regression.js';
import type { Task } from '../engine/nn/tasks/task.js';
import { evaluationStep, trainingStep } from '../engine/nn/training-step.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import type { Session } from '../engine/runtime/runtime.js';
import { figuresOf } from '../metrics/classification.js';
import { batchFeeds } from './batch-feeds.js';
import { evaluateState } from './evaluate.js';
import { trainLocally } from './local-training.js';

const random = randomStream('any task');
const EXAMPLES = 30;
const all = Uint32Array.from({ length: EXAMPLES }, (_, i) => i);
const table = distanceSet(EXAMPLES, random);
const masks = maskSet(EXAMPLES, random);
const sentences = sentenceSet(EXAMPLES, random);

interface Case {
  readonly dataset: Dataset;
  readonly network: Network;
  readonly task: Task;
  readonly learningRate: number;
  /** The main figure that training comes to. */
  reaches(figure: number): boolean;
  /** The same figures, from outputs of the network for all examples. */
  byHand(outputs: readonly number[][]): Record<string, number>;
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const largest = (values: readonly number[]) => values.indexOf(Math.max(...values));
const distances = table.targets[0]!.values as Float32Array;
const mask = masks.targets[0]!.values;
const kinds = sentences.targets[0]!.values;

const cases: Record<string, Case> = {
  'numbers of a table, and a number': {
    dataset: table,
    network: mlp({ classes: 1, hidden: [4] }),
    task: regression({ target: table.targets[0]!, unit: 'km' }),
    learningRate: 0.05,
    reaches: (rmse) => rmse < 0.5,
    byHand(outputs) {
      const errors = outputs.map(([y], i) => y! - distances[i]!);
      const mean = sum([...distances]) / EXAMPLES;
      const squares = sum(errors.map((e) => e * e));
      return {
        rmse: Math.sqrt(squares / EXAMPLES),
        mae: sum(errors.map(Math.abs)) / EXAMPLES,
        r2: 1 - squares / sum([...distances].map((y) => (y - mean) ** 2)),
        loss: squares / EXAMPLES,
      };
    },
  },
  'a picture, and a mask of its pixels': {
    dataset: masks,
    network: segmenter,
    task: segmentation(2, SIDE),
    learningRate: 1,
    reaches: (iou) => iou > 0.8,
    byHand(outputs) {
      const [inter, union] = [
        [0, 0],
        [0, 0],
      ];
      let [loss, counted] = [0, 0];
      outputs.forEach((output, i) => {
        for (let pixel = 0; pixel < 16; pixel++) {
          const label = mask[16 * i + pixel]!;
          if (label === IGNORED) continue;
          const z = [output[pixel]!, output[16 + pixel]!];
          loss += Math.log(Math.exp(z[0]!) + Math.exp(z[1]!)) - z[label]!;
          counted++;
          const taken = largest(z);
          if (taken === label) inter[label]!++;
          for (const c of new Set([taken, label])) union[c]!++;
        }
      });
      return { iou: (inter[0]! / union[0]! + inter[1]! / union[1]!) / 2, loss: loss / counted };
    },
  },
  'a sequence of tokens, and a class': {
    dataset: sentences,
    network: reader,
    task: classification({ classes: 3 }),
    learningRate: 1,
    reaches: (accuracy) => accuracy === 1,
    byHand(outputs) {
      const losses = outputs.map((z, i) => Math.log(sum(z.map(Math.exp))) - z[kinds[i]!]!);
      return {
        accuracy: outputs.filter((z, i) => largest(z) === kinds[i]).length / EXAMPLES,
        loss: sum(losses) / EXAMPLES,
      };
    },
  },
};

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

describe.each(Object.entries(cases))('%s', (_, { dataset, network, task, learningRate, reaches, byHand }) => {
  const { inputs } = dataset;
  const parameters = parametersOf(network, inputs);
  const base = initialState(parameters, 'any task').data;
  const layout = layoutOf(parameters);
  const options = { network, inputs, task, optimizer: sgd(), batchSize: 4 };

  it('has the gradient of its loss by central differences, in the places of a ragged batch', () => {
    const description = { ...options, layout };
    const [batch] = [...batches(dataset, all.subarray(0, 3), 4)];
    const feeds = Object.fromEntries(
      Object.entries(batchFeeds({ inputs, targets: task.targets }, batch!)).map(([name, { data }]) => [
        name,
        data,
      ]),
    );
    const { nextState } = evaluate(trainingStep(description), {
      ...feeds,
      ...{ state: base, learningRate: [1], step: [1], seed: [1] },
    });
    const graph = evaluationStep(description, 4);
    const lossAt = (state: Float64Array) => {
      const { lossSum, counted } = evaluate(graph, { ...feeds, state });
      return lossSum![0]! / counted![0]!;
    };
    const at = Float64Array.from(base);
    base.forEach((weight, i) => {
      const moved = (by: number) => lossAt(at.with(i, weight + by));
      expect(weight - nextState![i]!).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 6);
    });
  });

  it('trains to its figure, which is that of its definition, on ONNX Runtime', async () => {
    const plan = compilePlan(options);
    const training = await ortNode().open(plan.trainingModel, { carry: carryOf(plan) });
    const evaluation = await ortNode().open(plan.evaluationModel);
    opened.push(training, evaluation);
    const work = {
      participant: 'a',
      round: 1,
      seed: 1,
      epochs: 40,
      learningRates: Float32Array.of(learningRate),
    };
    const result = await trainLocally(
      { plan, training, evaluation },
      { dataset, train: all, validation: all },
      base,
      work,
    );
    const { state } = result!;
    const metrics = await evaluateState(evaluation, plan, state, dataset, all);
    const figures = figuresOf(metrics!);
    expect(reaches(figures[task.metrics[0].name]!)).toBe(true);

    const output = applyNetwork(
      network,
      layout,
      tensorsOf({ state: g.input('state', [state.length]) }, { layout: layout }),
      inputsOfBatch(inputs, EXAMPLES),
    );
    const values = evaluate(
      { outputs: { output } },
      { state, [inputs[0]!.name]: requireHeld(inputs[0]!).values },
    ).output!;
    const size = values.length / EXAMPLES;
    const expected = byHand([...all].map((i) => [...values.subarray(i * size, (i + 1) * size)]));
    expect(Object.keys(figures).sort()).toEqual(Object.keys(expected).sort());
    for (const [name, figure] of Object.entries(expected)) expect(figures[name]).toBeCloseTo(figure, 4);
  });
});
