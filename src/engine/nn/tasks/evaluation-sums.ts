/**
 * What an evaluation measures, as a plan says it to programs that only run its models: sums, and
 * the figures computed from them.
 */
import { isKnownFigure } from '../../../metrics/known-figures.js';
import type { MetricFacts, TaskMetrics } from '../../../metrics/metric.js';
import type { FigureRule } from '../../../metrics/metrics.js';
import type { Shape } from '../../../tensor/shape.js';
import { input } from '../../graph/build.js';
import { simplify } from '../../graph/simplify.js';
import type { Value } from '../../graph/value.js';
import { NetworkError } from '../layers/network.js';
import type { Task } from './task.js';

export interface Measures {
  /** The sums of the task's metrics, with their shapes. */
  readonly sums: readonly { readonly name: string; readonly shape: Shape }[];
  readonly rules: readonly FigureRule[];
  /** Whether the evaluation gives the class of each example. */
  readonly predicts: boolean;
}

/** The output of an evaluation graph that holds this sum. */
export const sumOutput = (name: string) => `sum.${name}`;

/**
 * @throws NetworkError when two metrics use one name for different sums, or a figure is not a
 * single number
 */
export function measuresOf(task: Task): Measures {
  const output = input('output', [1, ...task.output]);
  const targets = task.targets.map(({ name, shape, dtype }) => input(name, [1, ...shape], dtype));
  const shapes = Object.entries(sumsOf(task, output, targets, input('weights', [1]))).map(
    ([name, { shape }]) => ({ name, shape }),
  );
  const given = Object.fromEntries(
    [...shapes, { name: 'counted', shape: [] }].map(({ name, shape }) => [name, input(name, shape)]),
  );
  const rules = task.metrics.map((metric) => {
    if (metric.figure === undefined) {
      if (isKnownFigure(metric.name)) return { name: metric.name };
      throw new NetworkError(`plan: the metric "${metric.name}" has no \`figure\`, expected one`);
    }
    const [figure] = simplify([metric.figure(given)]) as [Value];
    if (figure.shape.length === 0) return { name: metric.name, figure };
    throw new NetworkError(
      `plan: the metric "${metric.name}" gives [${figure.shape.join(',')}], expected one number, []`,
    );
  });
  return { sums: shapes, rules, predicts: task.classes !== undefined };
}

/** The sums of all metrics of a task, and those that describe it further. */
export function sumsOf(
  { metrics, described }: Task,
  output: Value,
  targets: readonly Value[],
  weights: Value,
): Record<string, Value> {
  const sums = Object.assign({}, ...metrics.map((metric) => metric.sums(output, targets, weights)));
  return { ...sums, ...described?.(output, targets, weights), ...sums };
}

const LOSS: MetricFacts = { name: 'loss', better: 'lower', format: 'number' };

/** The metrics of a task for programs that record and show them: its own, and its loss. */
export function factsOfMetrics({ metrics: [main, ...others] }: Pick<Task, 'metrics'>): TaskMetrics {
  const factsOf = ({ name, label, better, format, unit }: MetricFacts): MetricFacts => ({
    ...{ name, better, format },
    ...(label !== undefined && { label }),
    ...(unit !== undefined && { unit }),
  });
  return [factsOf(main), ...others.map(factsOf), LOSS];
}
