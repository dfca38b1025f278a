import { afterEach, describe, expect, it } from 'vitest';
import { imageDataset } from '../data/image-dataset.js';
import { softmaxCrossEntropy } from '../nn/losses.js';
import { mlp } from '../nn/models/mlp.js';
import { initialState, parametersOf } from '../nn/network.js';
import { sgd } from '../nn/optimizers.js';
import { compilePlan } from '../nn/plan.js';
import { DivergedError, InterruptedError } from './error.js';
import type { TrainTask } from './tasks.js';
import { WorkerPool } from './worker-pool.js';

const network = mlp({ classes: 2, hidden: [4], dropout: 0 });
const imageShape = [1, 2, 2];
const plan = compilePlan({
  network,
  imageShape,
  loss: softmaxCrossEntropy(),
  optimizer: sgd(),
  batchSize: 4,
});
const dataset = imageDataset({
  name: 'stripes',
  images: Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256),
  labels: Uint8Array.from({ length: 16 }, (_, i) => i % 2),
  channels: 1,
  height: 2,
  width: 2,
  classNames: ['even', 'odd'],
});
const setup = { plan, train: dataset, test: dataset };
const indices = Uint32Array.from({ length: 16 }, (_, i) => i);
const base = initialState(parametersOf(network, imageShape), 5).data;

const task = (epochs: number, learningRate = 0.01): TrainTask => ({
  type: 'train',
  work: { participant: 'a', round: 1, seed: 1, epochs, learningRates: Float32Array.of(learningRate) },
  base,
  train: indices,
  validation: indices,
});

let pool: WorkerPool;
afterEach(() => pool.close());

describe('the worker pool', () => {
  it('gives the same results whatever the number of its threads', async () => {
    const results = [];
    for (const workers of [1, 3]) {
      pool = new WorkerPool(setup, workers);
      const work = [task(1), task(2), task(3), task(4)].map((each) => pool.train(each));
      results.push((await Promise.all(work)).map(({ state }) => state));
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('gives the same with augmented images, which a thread of their own prepares for each', async () => {
    const augmented = (epochs: number): TrainTask => {
      const { work, ...rest } = task(epochs);
      return { ...rest, work: { ...work, augmentation: { flip: true, shift: 1 } } };
    };
    const results = [];
    for (const workers of [1, 2]) {
      pool = new WorkerPool(setup, workers);
      const work = [augmented(1), augmented(3), task(3)].map((each) => pool.train(each));
      results.push((await Promise.all(work)).map(({ state }) => state));
      await pool.close();
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[0]![1]).not.toEqual(results[0]![2]);
  });

  it('stops a thread that prepares images along with its worker', async () => {
    pool = new WorkerPool(setup, 1);
    const { work, ...rest } = task(1_000_000);
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const endless = { ...rest, work: { ...work, augmentation: { flip: true, shift: 1 } } };
    const training = pool.train(endless, () => started());
    await running;
    pool.stop();
    await expect(training).rejects.toBeInstanceOf(InterruptedError);
    await pool.close();
  });

  it('evaluates while it trains', async () => {
    pool = new WorkerPool(setup, 2);
    const training = pool.train(task(3));
    const metrics = await pool.evaluate({
      type: 'evaluate',
      state: base,
      examples: { source: 'test', indices },
    });
    expect(metrics.examples).toBe(16);
    expect((await training).epochs).toBe(3);
  });

  it('rejects a task in which something of ours goes wrong, and goes on with the next', async () => {
    pool = new WorkerPool(setup, 1);
    const wrong = pool.train({ ...task(1), base: base.slice(1) });
    await expect(wrong).rejects.toThrow();
    await expect(wrong).rejects.not.toHaveProperty('hint');
    expect((await pool.train(task(1))).epochs).toBe(1);
  });

  it('keeps the kind and the hint of a user’s error across threads', async () => {
    pool = new WorkerPool(setup, 1);
    const wild = pool.train(task(5, 1e30));
    await expect(wild).rejects.toBeInstanceOf(DivergedError);
    await expect(wild).rejects.toHaveProperty('hint', expect.stringContaining('learning rate'));
  });

  it('gives up what runs and what waits when it is told to stop, and takes nothing more', async () => {
    pool = new WorkerPool(setup, 1);
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const first = pool.train(task(1_000_000), () => started());
    const second = pool.train(task(1));
    const settled = Promise.allSettled([first, second]);
    await running;
    pool.stop();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InterruptedError) });
    }
    await expect(pool.train(task(1))).rejects.toBeInstanceOf(InterruptedError);
  });

  it('gives up one task by its signal, running or waiting, and goes on with the others', async () => {
    pool = new WorkerPool(setup, 1);
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const [endless, unwanted] = [new AbortController(), new AbortController()];
    const first = pool.train(task(1_000_000), () => started(), endless.signal);
    const second = pool.train(task(1), undefined, unwanted.signal);
    const third = pool.train(task(2));
    const settled = Promise.allSettled([first, second]);
    await running;
    unwanted.abort();
    endless.abort();
    for (const outcome of await settled) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InterruptedError) });
    }
    expect((await third).epochs).toBe(2);
    await expect(pool.train(task(1), undefined, unwanted.signal)).rejects.toBeInstanceOf(InterruptedError);
  });

  it('fails when a thread cannot even begin, instead of waiting for it', async () => {
    pool = new WorkerPool({ ...setup, plan: undefined as never }, 1);
    await expect(pool.train(task(1))).rejects.toThrow(/undefined/);
  });

  it('can be closed twice', async () => {
    pool = new WorkerPool(setup, 2);
    await pool.train(task(1));
    await pool.close();
    await pool.close();
  });
});
