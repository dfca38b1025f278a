/**
 * A contract for every task runner with threads of its own: the pool of Node, and the worker of a
 * page.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../base/interrupted.js';
import { imageDataset } from '../../data/images/image-dataset.js';
import { compileFisherPlan } from '../../engine/nn/fisher-plan.js';
import { initialState, parametersOf } from '../../engine/nn/layers/network.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { sgd } from '../../engine/nn/optimizers.js';
import { compilePlan } from '../../engine/nn/plan.js';
import { classification } from '../../engine/nn/tasks/classification.js';
import { accuracy } from '../../metrics/metrics.js';
import { DivergedError } from '../error.js';
import type { LocalProgress } from '../local-training.js';
import type { TaskRunner, TrainTask, WorkerSetup } from '../tasks.js';

const network = onPixels(mlp({ classes: 2, hidden: [4], dropout: 0 }));
const inputs = [pixels([1, 2, 2])];
const dataset = imageDataset({
  name: 'stripes',
  images: Uint8Array.from({ length: 64 }, (_, i) => (i * 37) % 256),
  labels: Uint8Array.from({ length: 16 }, (_, i) => i % 2),
  channels: 1,
  height: 2,
  width: 2,
  classNames: ['even', 'odd'],
});
export const indices = Uint32Array.from({ length: 16 }, (_, i) => i);
export const base = initialState(parametersOf(network, inputs), 5).data;
export const setup: WorkerSetup = {
  plan: compilePlan({
    network,
    inputs,
    task: classification({ classes: 2 }),
    optimizer: sgd({ momentum: 0.9 }),
    batchSize: 4,
  }),
  train: dataset,
  test: dataset,
  sums: { fisher: compileFisherPlan({ network, inputs }) },
};

export const task = (epochs: number, learningRate = 0.01): TrainTask => ({
  type: 'train',
  work: { participant: 'a', round: 1, seed: 1, epochs, learningRates: Float32Array.of(learningRate) },
  base,
  train: indices,
  validation: indices,
});

interface OpenRunner extends TaskRunner {
  close(): void | Promise<void>;
}

/** Training that never ends by itself, with a promise of its beginning. */
function endless(runner: TaskRunner, signal?: AbortSignal) {
  let begun = () => {};
  const running = new Promise<void>((resolve) => {
    begun = resolve;
  });
  return { done: runner.train(task(1_000_000), () => begun(), signal), running };
}

/** @param open opens a runner that does one task at a time */
export function describeTaskRunner(open: (setup: WorkerSetup) => OpenRunner | Promise<OpenRunner>): void {
  describe('a task runner', () => {
    let runner: OpenRunner;
    beforeAll(async () => {
      runner = await open(setup);
    });
    afterAll(() => runner.close());

    it('trains, and tells after every epoch how far it is', async () => {
      const told: LocalProgress[] = [];
      const result = await runner.train(task(3, 0.1), (progress) => told.push(progress));
      expect(result).toMatchObject({ epochs: 3, steps: 12, examplesSeen: 48 });
      expect(result.state).toHaveLength(base.length);
      expect(result.state).not.toEqual(base);
      expect(result.slots.some((value) => value !== 0)).toBe(true);
      expect(told.filter(({ epochDone }) => epochDone).map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
      expect(told.at(-1)).toMatchObject({ participant: 'a', epochs: 3, step: 4, examplesLeft: 0 });
      expect(result.validation).toEqual(told.at(-1)?.validation);
    });

    it('gives the same for the same task, augmented or not, whatever came before', async () => {
      const { work, ...rest } = task(2);
      const augmented = { ...rest, work: { ...work, augmentation: { flip: true, shift: 1 } } };
      const [first, other, again, otherAgain] = await Promise.all(
        [task(2), augmented, task(2), augmented].map((each) => runner.train(each)),
      );
      expect(again).toEqual(first);
      expect(otherAgain).toEqual(other);
      expect(other?.state).not.toEqual(first?.state);
    });

    it('keeps the states that it is given as they were', async () => {
      const before = base.slice();
      await runner.train(task(1));
      await runner.evaluate({ type: 'evaluate', state: base, examples: { source: 'train', indices } });
      expect(base).toEqual(before);
    });

    it('evaluates what it has trained, and gives the mean of a sum over examples', async () => {
      const { state, validation } = await runner.train(task(2));
      const examples = { source: 'train', indices } as const;
      const metrics = await runner.evaluate({ type: 'evaluate', state, examples });
      expect(metrics.examples).toBe(16);
      expect(accuracy(metrics)).toBe(validation?.accuracy);
      const fisher = await runner.mean?.({ type: 'mean', of: 'fisher', state, indices, signs: [1, 'signs'] });
      expect(fisher).toHaveLength(base.length);
      expect(fisher?.every((square) => square >= 0)).toBe(true);
    });

    it('rejects a task in which something of ours goes wrong, and goes on with the next', async () => {
      const examples = { source: 'nowhere' as 'train', indices };
      const wrong = runner.evaluate({ type: 'evaluate', state: base, examples });
      await expect(wrong).rejects.toThrow();
      await expect(wrong).rejects.not.toHaveProperty('hint');
      expect((await runner.train(task(1))).epochs).toBe(1);
    });

    it('keeps the kind and the hint of a user’s error', async () => {
      const wild = runner.train(task(5, 1e30));
      await expect(wild).rejects.toBeInstanceOf(DivergedError);
      await expect(wild).rejects.toHaveProperty('hint', expect.stringContaining('learning rate'));
    });

    it('gives up one task by its signal, running or waiting, and goes on with the others', async () => {
      const [unending, unwanted] = [new AbortController(), new AbortController()];
      const first = endless(runner, unending.signal);
      const second = runner.train(task(1), undefined, unwanted.signal);
      const third = runner.train(task(2));
      const settled = Promise.allSettled([first.done, second]);
      await first.running;
      unwanted.abort();
      unending.abort();
      for (const outcome of await settled) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InterruptedError) });
      }
      expect((await third).epochs).toBe(2);
      await expect(runner.train(task(1), undefined, unwanted.signal)).rejects.toBeInstanceOf(
        InterruptedError,
      );
    });
  });

  describe('a task runner that is told to end', () => {
    let runner: OpenRunner;
    afterEach(() => runner.close());

    it('gives up what runs and what waits when it is told to stop, and takes nothing more', async () => {
      runner = await open(setup);
      const first = endless(runner);
      const second = runner.train(task(1));
      const settled = Promise.allSettled([first.done, second]);
      await first.running;
      runner.stop();
      for (const outcome of await settled) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(InterruptedError) });
      }
      await expect(runner.train(task(1))).rejects.toBeInstanceOf(InterruptedError);
    });

    it('rejects what it does when it is closed, and can be closed twice', async () => {
      runner = await open(setup);
      const { done, running } = endless(runner);
      const rejected = expect(done).rejects.toBeInstanceOf(InterruptedError);
      await running;
      await runner.close();
      await rejected;
    });
  });
}
