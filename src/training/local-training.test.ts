import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../base/random.js';
import { imageDataset } from '../data/images/image-dataset.js';
import { carryOf } from '../engine/nn/carry.js';
import { initialState, parametersOf } from '../engine/nn/layers/network.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { type Optimizer, sgd } from '../engine/nn/optimizers.js';
import { compilePlan, type Plan } from '../engine/nn/plan.js';
import { classification } from '../engine/nn/tasks/classification.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import type { Session } from '../engine/runtime/runtime.js';
import { classificationMetrics } from '../metrics/classification.js';
import { DivergedError } from './error.js';
import { type LocalProgress, type LocalWork, trainLocally } from './local-training.js';

const network = onPixels(mlp({ classes: 2, hidden: [4], dropout: 0 }));
const inputs = [pixels([1, 2, 2])];

/** Dark pictures and bright ones: easily told apart. */
const chance = randomStream(1, 'pictures');
const labels = Uint8Array.from({ length: 40 }, (_, i) => i % 2);
const dataset = imageDataset({
  name: 'dark and bright',
  images: Uint8Array.from(
    { length: 160 },
    (_, i) => 200 * (labels[i >> 2] as number) + (chance.uint32() % 50),
  ),
  labels,
  channels: 1,
  height: 2,
  width: 2,
  classNames: ['dark', 'bright'],
});
const indices = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i);

const opened: Session[] = [];
async function openPlan(batchSize: number, optimizer: Optimizer = sgd()) {
  const task = classification({ classes: 2 });
  const plan = compilePlan({ network, inputs, task, optimizer, batchSize, evaluationBatchSize: 8 });
  return openSessions(plan);
}
async function openSessions(plan: Plan) {
  const training = await ortNode().open(plan.trainingModel, { carry: carryOf(plan) });
  const evaluation = await ortNode().open(plan.evaluationModel);
  opened.push(training, evaluation);
  return { plan, training, evaluation };
}
afterAll(() => Promise.all(opened.map((session) => session.release())));

const base = initialState(parametersOf(network, inputs), 7).data;
const work: LocalWork = {
  participant: 'a',
  round: 1,
  seed: 3,
  epochs: 30,
  learningRates: Float32Array.of(0.03),
};
const data = { dataset, train: indices(0, 30), validation: indices(30, 40) };

let context: Awaited<ReturnType<typeof openPlan>>;
beforeAll(async () => {
  context = await openPlan(8);
});

const accuracyOf = (value: number) => ({ metric: classificationMetrics[0], value });

describe('local training', () => {
  it('ends with the epoch in which its own validation accuracy reaches the threshold', async () => {
    const result = await trainLocally(context, data, base, { ...work, threshold: accuracyOf(1) });
    expect(result!.validation?.accuracy).toBe(1);
    expect(result!.epochs).toBeGreaterThan(1);
    expect(result!.epochs).toBeLessThan(30);
    const before = await trainLocally(context, data, base, { ...work, epochs: result!.epochs - 1 });
    expect(before!.validation?.accuracy).toBeLessThan(1);
  });

  it('does one epoch even where the threshold is reached before', async () => {
    const result = await trainLocally(context, data, base, { ...work, threshold: accuracyOf(0) });
    expect(result!.epochs).toBe(1);
    expect(result!.examplesSeen).toBe(30);
    expect(result!.steps).toBe(4);
  });

  it('does all its epochs where there is no threshold, or no validation data', async () => {
    const short = { ...work, epochs: 2 };
    expect((await trainLocally(context, data, base, short))!.epochs).toBe(2);
    const alone = { ...data, validation: new Uint32Array(0) };
    const result = await trainLocally(context, alone, base, { ...short, threshold: accuracyOf(0) });
    expect(result!.epochs).toBe(2);
    expect(result!.validation).toBeUndefined();
  });

  it('counts a ragged batch for exactly the images it has', async () => {
    const three = { ...data, train: indices(0, 3) };
    const once = { ...work, epochs: 1 };
    const ragged = await trainLocally(context, three, base, once);
    const whole = await trainLocally(await openPlan(3), three, base, once);
    expect(ragged!.examplesSeen).toBe(3);
    expect(ragged!.loss).toBeCloseTo(whole!.loss, 5);
    ragged!.state.forEach((value, place) => {
      expect(value).toBeCloseTo(whole!.state[place]!, 5);
    });
  });

  it('stops after the most steps it may do, in the middle of an epoch', async () => {
    const result = await trainLocally(context, data, base, { ...work, epochs: Infinity, maxSteps: 6 });
    expect(result).toMatchObject({ steps: 6, epochs: 2, examplesSeen: 30 + 16 });
  });

  it('that is counted in steps goes through the data as if the rounds were one', async () => {
    const steps = (round: number, stepsBefore: number, maxSteps: number) => ({
      ...work,
      ...{ round, epochs: Infinity, stepsBefore, maxSteps },
    });
    const once = await trainLocally(context, data, base, steps(1, 0, 6));
    const first = await trainLocally(context, data, base, steps(1, 0, 1));
    const second = await trainLocally(context, data, first!.state, steps(2, 1, 5));
    expect(second!.state).toEqual(once!.state);
    expect(first).toMatchObject({ steps: 1, examplesSeen: 8 });
    // An epoch is 30 images in 4 steps.
    expect(second).toMatchObject({ steps: 5, examplesSeen: 30 - 8 + 16 });
  });

  it('that is counted in steps looks at its validation data once, at the end', async () => {
    const reports: LocalProgress[] = [];
    const onProgress = (progress: LocalProgress) => void reports.push(progress);
    const steps = { ...work, epochs: Infinity, stepsBefore: 2, maxSteps: 9 };
    const result = await trainLocally({ ...context, onProgress }, data, base, steps);
    const ends = reports.filter(({ epochDone }) => epochDone);
    expect(ends).toMatchObject([{ epoch: 1, epochs: undefined, step: 9, steps: 9 }]);
    expect(result!.validation?.accuracy).toBe(ends[0]!.validation?.accuracy);
  });

  it('goes on with the slots of earlier work as if it had not been interrupted', async () => {
    const momentum = await openPlan(5, sgd({ momentum: 0.9 }));
    const alone = { ...data, train: indices(0, 5), validation: new Uint32Array(0) };
    const two = await trainLocally(momentum, alone, base, { ...work, epochs: 2 });
    const first = await trainLocally(momentum, alone, base, { ...work, epochs: 1 });
    const second = await trainLocally(momentum, alone, first!.state, {
      ...work,
      epochs: 1,
      slots: first!.slots,
    });
    second!.state.forEach((value, place) => {
      expect(value).toBeCloseTo(two!.state[place]!, 5);
    });
  });

  it('does the same whoever does it, and something else in another round or with another seed', async () => {
    const state = async (change: Partial<LocalWork>) =>
      (await trainLocally(context, data, base, { ...work, epochs: 1, ...change }))!.state;
    const first = await state({});
    expect(await state({})).toEqual(first);
    expect(await state({ round: 2 })).not.toEqual(first);
    expect(await state({ seed: 4 })).not.toEqual(first);
    expect(await state({ participant: 'b' })).not.toEqual(first);
  });

  it('leaves the state that it was given as it was', async () => {
    const before = base.slice();
    await trainLocally(context, data, base, { ...work, epochs: 1 });
    expect(base).toEqual(before);
  });

  it('gives up between two steps when it is told to', async () => {
    let steps = 0;
    const result = await trainLocally({ ...context, keepGoing: () => ++steps < 3 }, data, base, work);
    expect(result).toBeUndefined();
    expect(steps).toBe(3);
  });

  it('reports the end of every epoch with its validation accuracy', async () => {
    const reports: LocalProgress[] = [];
    const onProgress = (progress: LocalProgress) => void reports.push(progress);
    await trainLocally({ ...context, onProgress }, data, base, { ...work, epochs: 3 });
    const ends = reports.filter(({ epochDone }) => epochDone);
    expect(ends.map(({ epoch, epochs, step, steps }) => [epoch, epochs, step, steps])).toEqual([
      [1, 3, 4, 4],
      [2, 3, 4, 4],
      [3, 3, 4, 4],
    ]);
    expect(ends.map(({ examplesLeft }) => examplesLeft)).toEqual([60, 30, 0]);
    for (const { validation } of ends) expect(validation?.accuracy).toBeGreaterThanOrEqual(0);
  });

  it('says who diverges, at which step, and what to try', async () => {
    const wild = trainLocally(context, data, base, { ...work, learningRates: Float32Array.of(1e20) });
    await expect(wild).rejects.toThrow(DivergedError);
    await expect(wild).rejects.toThrow(/the loss of "a" is .* at step 2 of round 1/);
    await expect(wild).rejects.toHaveProperty('hint', expect.stringContaining('smaller learning rate'));
  });

  it('finds weights that are no numbers after the last step, which no loss has seen', async () => {
    const one = { ...data, train: indices(0, 8), validation: new Uint32Array(0) };
    const last = { ...work, epochs: 1, learningRates: Float32Array.of(Infinity) };
    await expect(trainLocally(context, one, base, last)).rejects.toThrow(
      'a weight of "a" is not finite at step 1 of round 1',
    );
  });
});
