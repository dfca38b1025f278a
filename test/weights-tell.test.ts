import { afterAll, describe, expect, it } from 'vitest';
import { loadDataset } from '../src/data/images/node/load-dataset.js';
import { carryOf } from '../src/engine/nn/carry.js';
import { initialState, parametersOf } from '../src/engine/nn/layers/network.js';
import { mlp } from '../src/engine/nn/models/mlp.js';
import { onPixels, pixels } from '../src/engine/nn/models/normalize-pixels.js';
import { adam, type Optimizer, sgd } from '../src/engine/nn/optimizers.js';
import { compilePlan } from '../src/engine/nn/plan.js';
import { classification } from '../src/engine/nn/tasks/classification.js';
import { ortNode } from '../src/engine/runtime/node/ort-node.js';
import type { Session } from '../src/engine/runtime/runtime.js';
import { trainLocally } from '../src/training/local-training.js';
import { sample } from './run-command.js';

/**
 * What docs/security.md says that weights tell, shown by the attack itself. A dense layer sees the
 * pixels x: the gradient of unit j is δ_j·x for its weights and δ_j for its bias. So where one
 * image alone had the unit active, the change of its weights divided by the change of its bias is
 * that image.
 */
const size = 784;
const normalization = { mean: [0.286], deviation: [0.353] };
const network = onPixels(mlp({ classes: 10 }), normalization);
const inputs = [pixels([1, 28, 28])];
const base = initialState(parametersOf(network, inputs), 7);
const { train } = await loadDataset(sample);
const images = Array.from({ length: 1000 }, (_, i) => train.images.subarray(i * size, (i + 1) * size));

const opened: Session[] = [];
afterAll(() => Promise.all(opened.map((session) => session.release())));

/** The weights that a participant hands in. */
async function handedIn(
  optimizer: Optimizer,
  batchSize: number,
  from: number,
  to: number,
  learningRate: number,
) {
  const plan = compilePlan({
    network,
    inputs,
    task: classification({ classes: 10 }),
    optimizer,
    batchSize,
    evaluationBatchSize: 8,
  });
  const training = await ortNode().open(plan.trainingModel, { carry: carryOf(plan) });
  const evaluation = await ortNode().open(plan.evaluationModel);
  opened.push(training, evaluation);
  const indices = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  const result = await trainLocally(
    { plan, training, evaluation },
    { dataset: train, train: indices, validation: new Uint32Array(0) },
    base.data,
    {
      participant: 'a',
      round: 1,
      seed: 3,
      epochs: 1,
      learningRates: new Float32Array(100).fill(learningRate),
    },
  );
  return result?.state as Float32Array;
}

/** Of every unit of the first layer: the change of its weights divided by that of its bias. */
function pictures(change: Float32Array): Float32Array[] {
  const place = (name: string) => base.layout.find((entry) => entry.name === name)!;
  const [weight, bias] = [place('fc1.weight'), place('fc1.bias')];
  return Array.from({ length: bias.size }, (_, unit) => {
    const of = change.subarray(weight.offset + unit * size, weight.offset + (unit + 1) * size);
    return of.map((value) => value / (change[bias.offset + unit] as number));
  }).filter((picture) => picture.every(Number.isFinite));
}

/** Without its mean, and of length 1: the product of two such is their correlation. */
function standard(values: ArrayLike<number>): Float64Array {
  const all = Float64Array.from(values);
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const length = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  return all.map((value) => (value - mean) / length);
}

/** Of each image, how well the best of the pictures shows it. */
function shown(found: readonly Float32Array[], from: number, to: number): number[] {
  const standards = found.map(standard);
  return images.slice(from, to).map((image) => {
    const of = standard(image);
    return Math.max(
      ...standards.map((picture) => picture.reduce((sum, value, i) => sum + value * (of[i] as number), 0)),
    );
  });
}

const changeOf = (weights: Float32Array) => weights.map((value, i) => value - (base.data[i] as number));

describe('what weights tell of the images they were trained on', () => {
  it('is the image itself, where it was the only one of a step', async () => {
    const found = pictures(changeOf(await handedIn(sgd(), 1, 5, 6, 0.05)));
    expect(shown(found, 5, 6)[0]).toBeGreaterThan(0.999999);
    // No other is taken for it.
    expect(Math.max(...shown(found, 6, 20))).toBeLessThan(0.99);
  });

  it('is the images of the others, to one of three who subtracts its own update from the mean', async () => {
    const updates = await Promise.all([1, 2, 3].map((image) => handedIn(sgd(), 1, image, image + 1, 0.05)));
    const [mine] = updates as [Float32Array];
    const merged = base.data.map((_, i) => updates.reduce((sum, one) => sum + (one[i] as number), 0) / 3);
    const own = changeOf(mine);
    const ofOthers = changeOf(merged).map((change, i) => 3 * change - (own[i] as number));
    for (const seen of shown(pictures(ofOthers), 2, 4)) expect(seen).toBeGreaterThan(0.9999);
  });

  it('is some images of a whole epoch of 384, in batches of 64: many steps do not hide them', async () => {
    const seen = shown(pictures(changeOf(await handedIn(sgd(), 64, 0, 384, 0.1))), 0, 384);
    expect(seen.filter((correlation) => correlation > 0.95).length).toBeGreaterThanOrEqual(2);
  });

  it('is an image’s outline with Adam, too', async () => {
    const [seen] = shown(pictures(changeOf(await handedIn(adam(), 1, 5, 6, 0.001))), 5, 6);
    expect(seen).toBeGreaterThan(0.9);
  });
});
