/**
 * A ring of a few batches in shared memory. One thread fills them and another takes them. Each
 * waits without spinning: the filler while all are full, the reader while all are empty.
 */

import { type Column, type ColumnValues, type Dataset, emptyValues } from '../dataset.js';
import { DataError } from '../error.js';
import type { Batch } from './batches.js';
import type { BatchSource } from './training-batches.js';

/** The number of batches: enough for a filler that is delayed now and then. */
const PLACES = 4;
/**
 * Counters in shared memory: batches filled, batches taken, 1 when no more are wanted, 1 when the
 * filler failed.
 */
const [FILLED, TAKEN, CLOSED, FAILED] = [0, 1, 2, 3] as const;

/**
 * No batch takes this long. Without a limit, a reader would wait forever for a thread that failed
 * to start.
 */
const PATIENCE_MS = 60_000;
const failed = (how: string) => new DataError(`data: the thread that prepares batches ${how}`);

/** What both threads share. */
export interface BatchRing {
  readonly counters: Int32Array;
  readonly batches: readonly Batch[];
}

export function createBatchRing(dataset: Dataset, batchSize: number): BatchRing {
  const shared = (bytes: number) => new SharedArrayBuffer(bytes);
  const places = (column: Column) => emptyValues(column, batchSize, true);
  return {
    counters: new Int32Array(shared(4 * 4)),
    batches: Array.from({ length: PLACES }, () => ({
      inputs: dataset.inputs.map(places),
      targets: dataset.targets.map(places),
      weights: new Float32Array(shared(4 * batchSize)),
      count: 0,
    })),
  };
}

/** Fills `steps` batches as fast as they are taken; ends early when no more are wanted. */
export function fillRing(
  { counters, batches }: BatchRing,
  steps: number,
  fill: (batch: Batch) => void,
): void {
  try {
    for (let step = 0; step < steps; step++) {
      while (Atomics.load(counters, CLOSED) === 0) {
        const taken = Atomics.load(counters, TAKEN);
        if (step - taken < PLACES) break;
        Atomics.wait(counters, TAKEN, taken);
      }
      if (Atomics.load(counters, CLOSED) !== 0) return;
      fill(batches[step % PLACES] as Batch);
      Atomics.store(counters, FILLED, step + 1);
      Atomics.notify(counters, FILLED);
    }
  } catch (error) {
    Atomics.store(counters, FAILED, 1);
    // Wakes the thread that waits for the next batch; it then finds that the filler failed.
    Atomics.add(counters, FILLED, 1);
    Atomics.notify(counters, FILLED);
    throw error;
  }
}

/**
 * The batches of a ring, in order. Each is copied out, since engines take no shared memory, and
 * then its place is free again.
 * @throws DataError when the thread that fills them failed.
 */
export function takeFromRing({ counters, batches }: BatchRing): BatchSource {
  const [first] = batches as readonly [Batch];
  const batch: Batch = {
    inputs: first.inputs.map((values) => values.slice()),
    targets: first.targets.map((values) => values.slice()),
    weights: new Float32Array(first.weights.length),
    count: 0,
  };
  let taken = 0;
  return {
    next() {
      for (;;) {
        const filled = Atomics.load(counters, FILLED);
        if (filled > taken) break;
        if (Atomics.wait(counters, FILLED, filled, PATIENCE_MS) === 'timed-out')
          throw failed('does not answer');
      }
      if (Atomics.load(counters, FAILED) !== 0) throw failed('failed');
      const shared = batches[taken % PLACES] as Batch;
      copyEach(batch.inputs, shared.inputs);
      copyEach(batch.targets, shared.targets);
      batch.weights.set(shared.weights);
      // The count is not shared between threads; it follows from the weights.
      batch.count = batch.weights.reduce((sum, weight) => sum + weight, 0);
      taken++;
      Atomics.store(counters, TAKEN, taken);
      Atomics.notify(counters, TAKEN);
      return batch;
    },
    close() {
      Atomics.store(counters, CLOSED, 1);
      // A filler that is about to wait on the old number sees that it changed.
      Atomics.add(counters, TAKEN, 1);
      Atomics.notify(counters, TAKEN);
    },
  };
}

function copyEach(to: readonly ColumnValues[], from: readonly ColumnValues[]): void {
  for (const [k, values] of from.entries()) to[k]?.set(values);
}
