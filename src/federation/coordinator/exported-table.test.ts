/** The ONNX model of a run on a table takes the cells of its files as they are. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import {
  CATEGORIES,
  type Cells,
  HOSPITALS,
  heartCells,
  heartDataset,
  NUMBERS,
} from '../../../test/heart-rows.js';
import { allIndices } from '../../data/batches/batches.js';
import type { Column } from '../../data/dataset.js';
import { MISSING_NUMBER } from '../../data/features.js';
import * as g from '../../engine/graph/build.js';
import { networkOf } from '../../engine/nn/by-name.js';
import { applyNetwork, inputsOfBatch } from '../../engine/nn/layers/network.js';
import { onFeatures } from '../../engine/nn/layers/preprocess.js';
import { preprocessConstants } from '../../engine/nn/layers/preprocess-constants.js';
import { sgd } from '../../engine/nn/optimizers.js';
import { compilePlan } from '../../engine/nn/plan.js';
import { modelSchema } from '../../engine/nn/settings.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { lower } from '../../engine/onnx/lower/lower.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { columnTensor } from '../../tensor/column-spec.js';
import { partOfState, type StateDict } from '../../tensor/state-dict.js';
import { f32Tensor } from '../../tensor/tensor.js';
import { evaluateState } from '../../training/evaluate.js';
import { holding } from '../../training/held-values.js';
import { runFederation } from './run-federation.js';

const folder = mkdtempSync(join(tmpdir(), 'exported-table-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cells = HOSPITALS.flatMap(heartCells);
const dataset = heartDataset(cells);
const [numbers] = dataset.inputs as [Column, Column];

/** Statistics of the known values. */
const constants = preprocessConstants(
  NUMBERS.map((_, column) => {
    const known = [...(numbers.values as Float32Array)]
      .filter((value, at) => at % NUMBERS.length === column && value !== MISSING_NUMBER)
      .sort((a, b) => a - b);
    const mean = known.reduce((a, b) => a + b, 0) / known.length;
    const deviation = Math.sqrt(known.reduce((sum, x) => sum + (x - mean) ** 2, 0) / known.length);
    const quantile = (q: number) => known[Math.floor(q * (known.length - 1))];
    return { mean, deviation, low: quantile(0.01), high: quantile(0.99), impute: quantile(0.5) };
  }),
);

/** What Python or another program would feed: each column of the table, cell by cell. */
function feedsOf(rows: readonly Cells[]) {
  const column = (name: string) => rows.map((row) => row[name] ?? '');
  const asNumber = (cell: string) => (cell === '' ? Number.NaN : Number(cell));
  return Object.fromEntries([
    ...NUMBERS.map(({ name }) => [
      name,
      new Tensor('float32', Float32Array.from(column(name), asNumber), [rows.length]),
    ]),
    ...CATEGORIES.map(({ name }) => [name, new Tensor('string', column(name), [rows.length])]),
  ]) as Record<string, Tensor>;
}

const models = [
  { name: 'logistic-regression' },
  { name: 'mlp', hidden: [16], norm: 'batch', embeddings: 'auto' },
  { name: 'tabular-resnet', width: 16, hidden: 16, norm: 'layer' },
] as const satisfies ConfigurationInput['model'][];

describe.each(some(models, 2))('the model of $name', (settings) => {
  const out = join(folder, settings.name);
  let model: StateDict | undefined;
  beforeAll(async () => {
    const configuration: ConfigurationInput = {
      ...{ model: settings, constants, rounds: 2, batchSize: 16, local: { epochs: 3 } },
      optimizer: { name: 'adam', learningRate: 0.01 },
      partition: { name: 'iid', participants: 2 },
    };
    const data = { train: dataset, test: dataset };
    ({ model } = await runFederation(configuration, { data, workers: 1, out }));
  });

  it('gives for the cells of every row the probabilities of evaluation', async () => {
    const session = await InferenceSession.create(readFileSync(join(out, 'model.onnx')));
    expect(session.inputNames).toEqual([...NUMBERS, ...CATEGORIES].map(({ name }) => name));
    const { probabilities } = await session.run(feedsOf(cells));
    const own = (probabilities as Tensor).data as Float32Array;
    const { predicted, accuracy, expected } = await evaluated(settings, model as StateDict);
    expect(own.length).toBe(2 * cells.length);
    expect(Math.max(...own.map((p, i) => Math.abs(p - expected[i]!)))).toBeLessThan(1e-6);
    const taken = cells.map((_, row) => Number(own[2 * row + 1]! > own[2 * row]!));
    expect(taken).toEqual([...predicted]);
    const right = cells.filter(({ num }, row) => Number(num !== '0') === taken[row]).length;
    expect(right / cells.length).toBeCloseTo(accuracy, 12);
    expect(accuracy).toBeGreaterThan(0.75);
  });

  it('gives the same for one row', async () => {
    const session = await InferenceSession.create(readFileSync(join(out, 'model.onnx')));
    const [all, one] = [await session.run(feedsOf(cells)), await session.run(feedsOf(cells.slice(5, 6)))];
    const [a, b] = [all, one].map(({ probabilities }) => (probabilities as Tensor).data as Float32Array);
    expect([...b!].every((p, i) => Math.abs(p - a![10 + i]!) < 1e-6)).toBe(true);
  });
});

/** Predictions and accuracy by the plan's own evaluation, and the probabilities from codes. */
async function evaluated(settings: (typeof models)[number], model: StateDict) {
  const inputs = dataset.inputs;
  const chosen = modelSchema.parse(settings);
  if (chosen.name === 'custom') throw new Error('a network by name');
  const embeddings = 'embeddings' in chosen ? chosen.embeddings : undefined;
  const network = onFeatures(networkOf(chosen, 2), inputs, embeddings);
  const task = { ...classification({ classes: 2 }) };
  const targets = task.targets.map((target) => ({ ...target, name: 'num' }));
  const plan = compilePlan({ network, inputs, task: { ...task, targets }, optimizer: sgd(), batchSize: 4 });
  const [state, frozen] = [partOfState(model, plan.layout), partOfState(model, plan.frozen)];
  const evaluation = holding(await ortNode().open(plan.evaluationModel), frozen.data);
  const metrics = await evaluateState(evaluation, plan, state.data, dataset, allIndices(dataset));
  // The graph that evaluation has, up to what it sums.
  const whole = g.input('model', [model.data.length]);
  const tensors = model.layout.map(({ offset, size }) => g.slice(whole, [offset], [offset + size]));
  const logits = applyNetwork(network, model.layout, tensors, inputsOfBatch(inputs, dataset.examples));
  const rows = await ortNode().open(lower({ outputs: { probabilities: g.softmax(logits) } }));
  const { probabilities } = await rows.run({
    model: f32Tensor(model.data),
    ...Object.fromEntries(
      inputs.map((column) => [
        column.name,
        columnTensor(column, (column.values as Float32Array).slice(), dataset.examples),
      ]),
    ),
  });
  await Promise.all([evaluation.release(), rows.release()]);
  const expected = probabilities!.data as Float32Array;
  const predicted = cells.map((_, row) => Number(expected[2 * row + 1]! > expected[2 * row]!));
  return { expected, predicted, accuracy: metrics!.sums.correct![0]! / metrics!.counted };
}
