/**
 * A task: what a network is trained for, given its output and the targets of examples. A task
 * defines loss and metrics for one example; `training-step.ts` applies the weights of a batch, the
 * sums over examples and the division by the count.
 */
import type { MetricFacts } from '../../../metrics/metric.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import type { Shape } from '../../../tensor/shape.js';
import type { Value } from '../../graph/value.js';
import type { ClassLoss } from './class-losses.js';

export interface Task {
  readonly name: string;
  /** The columns it reads besides the output, in the order in which `losses` takes them. */
  readonly targets: readonly ColumnSpec[];
  /** The f32 shape that the network must give for one example. */
  readonly output: Shape;
  /** What is counted: "example", "token", or another part of an example. */
  readonly unit: string;
  /** [N]: the loss of each example, summed over those of its units that count. */
  losses(output: Value, targets: readonly Value[]): Value;
  /**
   * [N]: how many units of each example count; one by default. The loss that is differentiated is
   * the mean over them.
   */
  units?(targets: readonly Value[]): Value;
  /** The main metric first. Every task has its loss as a metric, too. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** Sums that no metric needs, for the tables of reports. */
  readonly described?: Metric['sums'] | undefined;
  /** The outputs of an exported model, by name; `output` by default. */
  outputs?(output: Value): Readonly<Record<string, Value>>;
  /** Set if the weights of classes are a constant of the run (`balanced-loss.ts`). */
  readonly balanced?: { readonly classes: number; weighted(weights: Value): Task };
  /** For a task over classes: its output is [N, classes], and its first target is a class. */
  readonly classes?: ClassTask;
}

/** A metric: sums that the evaluation computes, and a figure computed from them. */
export interface Metric extends MetricFacts {
  /**
   * The sums of a batch. Their shapes must not depend on the batch; metrics may share a sum by its
   * name.
   * @param weights [N]: 1 for an example, 0 for an empty place
   */
  sums(output: Value, targets: readonly Value[], weights: Value): Readonly<Record<string, Value>>;
  /**
   * The figure [], computed in float64 from the sums over all examples and `counted`, the number of
   * units. Left out for a metric of `metrics/known-figures.ts`, which has its formula by its name.
   */
  figure?(sums: Readonly<Record<string, Value>>): Value;
}

/**
 * What a task over classes adds: corrections change its loss, and predictions can be compared
 * example by example.
 */
export interface ClassTask {
  readonly count: number;
  readonly loss: ClassLoss;
}
