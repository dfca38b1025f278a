/** Measures one model on test examples by chosen metrics, with intervals if they are wanted. */
import { turnTaker } from '../base/turns.js';
import type { Dataset } from '../data/dataset.js';
import type { Network } from '../engine/nn/layers/network.js';
import { sgd } from '../engine/nn/optimizers.js';
import { compilePlan } from '../engine/nn/plan.js';
import type { Task } from '../engine/nn/tasks/task.js';
import { bootstrapIntervals, type Interval } from '../metrics/bootstrap.js';
import type { Metrics } from '../metrics/metrics.js';
import type { ColumnSpec } from '../tensor/column-spec.js';
import { partOfState, type StateDict } from '../tensor/state-dict.js';
import { evaluateInParts } from '../training/evaluate-parts.js';
import { WorkerPool } from '../training/threads/node/worker-pool.js';

export interface MeasuredModel {
  readonly network: Network;
  /** Of the whole model, constants included. */
  readonly state: StateDict;
  readonly inputs: readonly ColumnSpec[];
  /** Its metrics are those that are measured. */
  readonly task: Task;
}

export interface MeasuringOptions {
  readonly workers: number;
  readonly signal: AbortSignal;
  /** Intervals are made of so many bootstrap draws; there are none by default. */
  readonly resamples?: number | undefined;
}

export interface Measurement {
  readonly metrics: Metrics;
  readonly intervals?: Readonly<Record<string, Interval>>;
}

export async function measureModel(
  { network, state, inputs, task }: MeasuredModel,
  test: Dataset,
  { workers, signal, resamples }: MeasuringOptions,
): Promise<Measurement> {
  // A plan includes training; only its evaluation is used here.
  const plan = compilePlan({ network, inputs, task, optimizer: sgd(), batchSize: 1 });
  const [trained, frozen] = [plan.layout, plan.frozen].map((layout) => partOfState(state, layout).data);
  const pool = new WorkerPool({ plan, frozen, train: test, test }, workers);
  const stop = () => pool.stop();
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) stop();
    const each = resamples !== undefined;
    const metrics = await evaluateInParts(pool, trained as Float32Array, 'test', test.examples, each);
    if (resamples === undefined) return { metrics };
    // The seed is fixed, so that the same model has the same intervals.
    const intervals = await bootstrapIntervals(metrics, { resamples, seed: 0 }, turnTaker(signal));
    return { metrics, intervals };
  } finally {
    signal.removeEventListener('abort', stop);
    await pool.close();
  }
}
