import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { imageDataset } from '../images/image-dataset.js';
import { createBatchRing, fillRing, takeFromRing } from './batch-ring.js';
import { type BatchSource, type BatchTask, batchesHere, batchFiller } from './training-batches.js';

const dataset = imageDataset({
  name: 'numbers',
  images: Uint8Array.from({ length: 12 * 16 }, (_, i) => i),
  labels: Uint8Array.from({ length: 12 }, (_, i) => i % 3),
  channels: 1,
  height: 4,
  width: 4,
  classNames: ['a', 'b', 'c'],
});
const task: BatchTask = {
  indices: Uint32Array.of(0, 2, 3, 5, 7, 8, 11),
  batchSize: 3,
  steps: 7,
  seed: 1,
  participant: 'site',
  round: 2,
  augmentation: { flip: true, shift: 1 },
};

/** Copies of the batches that a source gives. */
const taken = (source: BatchSource, steps = task.steps) =>
  Array.from({ length: steps }, () => {
    const { inputs, targets, weights, count } = source.next();
    return { images: [...inputs[0]!], labels: [...targets[0]!], weights: [...weights], count };
  });

const here = () => taken(batchesHere(dataset, task));

describe('the batches of a task', () => {
  it('hold every example once an epoch, the last of an epoch fewer', () => {
    const plain = taken(batchesHere(dataset, { ...task, augmentation: undefined }));
    expect(plain.map(({ count }) => count)).toEqual([3, 3, 1, 3, 3, 1, 3]);
    const firstPixels = plain
      .slice(3, 6)
      .flatMap(({ images, count }) => Array.from({ length: count }, (_, i) => images[16 * i]! / 16));
    expect(firstPixels.sort((a, b) => a - b)).toEqual([...task.indices]);
  });

  it('are the same again for the same key, and others in another epoch, round, and for another seed', () => {
    expect(here()).toEqual(here());
    expect(here()[0]).not.toEqual(here()[3]);
    expect(taken(batchesHere(dataset, { ...task, round: 3 }))).not.toEqual(here());
    expect(taken(batchesHere(dataset, { ...task, seed: 2 }))).not.toEqual(here());
  });

  it('have the same order with augmentation as without', () => {
    const plain = taken(batchesHere(dataset, { ...task, augmentation: undefined }));
    expect(here().map(({ labels }) => labels)).toEqual(plain.map(({ labels }) => labels));
  });

  it('go on from round to round where the steps before are known: together they are those of one long round', () => {
    const part = (round: number, stepsBefore: number, steps: number) =>
      taken(batchesHere(dataset, { ...task, round, stepsBefore }), steps);
    const long = part(1, 0, 9);
    expect([...part(1, 0, 1), ...part(2, 1, 4), ...part(3, 5, 4)]).toEqual(long);
    const plain = { ...task, augmentation: undefined };
    const firstEpoch = [0, 1, 2].flatMap((stepsBefore, index) => {
      const [batch] = taken(batchesHere(dataset, { ...plain, round: index + 1, stepsBefore }), 1);
      return Array.from({ length: batch!.count }, (_, i) => batch!.images[16 * i]! / 16);
    });
    expect(firstEpoch.sort((a, b) => a - b)).toEqual([...task.indices]);
  });
});

describe('a ring that a thread fills', () => {
  /**
   * A thread that only fills batches: the same as `training/threads/node/feeder.ts`, in plain
   * JavaScript.
   */
  const thread = (ring: ReturnType<typeof createBatchRing>, steps: number) =>
    new Worker(
      `import('node:worker_threads').then(({ workerData: { ring, steps } }) => {
        const { counters, batches } = ring;
        for (let step = 0; step < steps; step++) {
          while (step - Atomics.load(counters, 1) >= batches.length) Atomics.wait(counters, 1, Atomics.load(counters, 1));
          batches[step % batches.length].targets[0].fill(step);
          batches[step % batches.length].weights.fill(1);
          Atomics.store(counters, 0, step + 1);
          Atomics.notify(counters, 0);
        }
      });`,
      { eval: true, workerData: { ring, steps } },
    );

  it('gives every batch in order, however the two threads take turns', async () => {
    const ring = createBatchRing(dataset, 3);
    const worker = thread(ring, 500);
    const source = takeFromRing(ring);
    const labels = Array.from({ length: 500 }, () => source.next().targets[0]![0]);
    expect(labels).toEqual(Array.from({ length: 500 }, (_, step) => step));
    await worker.terminate();
  });

  it('holds what batches filled here hold', () => {
    const ring = createBatchRing(dataset, 3);
    // Only as many as there is space for, so that the filler does not wait.
    fillRing(ring, 4, batchFiller(dataset, task));
    expect(taken(takeFromRing(ring), 4)).toEqual(here().slice(0, 4));
  });

  it('that failed says so', () => {
    const ring = createBatchRing(dataset, 3);
    const failing = () => {
      throw new Error('no');
    };
    expect(() => fillRing(ring, 4, failing)).toThrow('no');
    expect(() => takeFromRing(ring).next()).toThrow('data: the thread that prepares batches failed');
  });

  it('that is closed is filled no further', () => {
    const ring = createBatchRing(dataset, 3);
    takeFromRing(ring).close();
    let filled = 0;
    fillRing(ring, 100, () => {
      filled++;
    });
    expect(filled).toBe(0);
  });
});
