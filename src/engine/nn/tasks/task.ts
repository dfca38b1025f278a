/**
 * A task: what is to be learned of a network's output and an example's targets. Weights of the places of a batch, sums over
 * examples and the division by how much there was are taken outside, in `training-step.ts`; a task says what it is of one
 * example.
 */
import type { MetricFacts } from '../../../metrics/metric.js';
import type { ColumnSpec } from '../../../tensor/column-spec.js';
import type { Shape } from '../../../tensor/shape.js';
import type { Value } from '../../graph/value.js';
import type { ClassLoss } from './losses.js';

export interface Task {
  readonly name: string;
  /** What it reads besides the output, in the order in which `losses` takes it. */
  readonly targets: readonly ColumnSpec[];
  /** Of one example: the shape that the network must give, f32. */
  readonly output: Shape;
  /** What is counted: "example", "token", or whatever an example is made of. */
  readonly unit: string;
  /** [N]: the loss of every example, summed over those of its units that count. */
  losses(output: Value, targets: readonly Value[]): Value;
  /** [N]: how many units of every example count; one by default. The loss that is differentiated is a mean over them. */
  units?(targets: readonly Value[]): Value;
  /** The main one first. Every task has its loss beside them. */
  readonly metrics: readonly [Metric, ...Metric[]];
  /** What an exported model gives, by name; `output` by default. */
  outputs?(output: Value): Readonly<Record<string, Value>>;
  /** Of a task over classes, whose output is [N, classes] and whose first target is a class. */
  readonly classes?: ClassTask;
}

/** Sums that are computed with the evaluation, and a figure that comes of them. */
export interface Metric extends MetricFacts {
  /**
   * Of a batch, in shapes that do not depend on it; metrics may share a sum by its name.
   * @param weights [N]: 1 for an example, 0 for an empty place
   */
  sums(output: Value, targets: readonly Value[], weights: Value): Readonly<Record<string, Value>>;
  /** [], of the sums over all examples, and `counted`: how many units there were. It is computed in float64. */
  figure(sums: Readonly<Record<string, Value>>): Value;
}

/** What corrections of a loss change, and what compares predictions example by example. */
export interface ClassTask {
  readonly count: number;
  readonly loss: ClassLoss;
}
