import { afterEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../../base/interrupted.js';
import type { TrainTask } from '../../tasks.js';
import { base, describeTaskRunner, indices, setup, task } from '../task-runner.contract.js';
import { WorkerPool } from './worker-pool.js';

describeTaskRunner((setup) => new WorkerPool(setup, 1));

let pool: WorkerPool;
afterEach(() => pool?.close());

const augmented = (epochs: number): TrainTask => {
  const { work, ...rest } = task(epochs);
  return { ...rest, work: { ...work, augmentation: { flip: true, shift: 1 } } };
};

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
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    const training = pool.train(augmented(1_000_000), () => started());
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

  it('fails when a thread cannot even begin, instead of waiting for it', async () => {
    pool = new WorkerPool({ ...setup, plan: undefined as never }, 1);
    await expect(pool.train(task(1))).rejects.toThrow(/undefined/);
  });
});
