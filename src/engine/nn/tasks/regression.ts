/**
 * Regression: predicts numbers. The loss of an example is the mean over its numbers, of (ŷ − y)² by
 * default. The metrics are over all numbers of all examples:
 *
 *     RMSE = √(Σ(ŷ − y)²/n)
 *     MAE  = Σ|ŷ − y|/n
 *     R²   = 1 − Σ(ŷ − y)²/(Σy² − (Σy)²/n)
 *
 * The sums of a batch are float32. Centre targets that are much larger than their spread, or R²
 * loses digits.
 */
import type { NumberMetricName } from '../../../metrics/known-metrics.js';
import { regressionMetrics } from '../../../metrics/regression.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import { abs } from '../../graph/compose.js';
import type { Value } from '../../graph/value.js';
import { type NumberLoss, squaredError } from './number-losses.js';
import type { Metric, Task } from './task.js';

export interface RegressionOptions {
  /** The column that is predicted. */
  readonly target: { readonly name: string; readonly shape: Shape };
  /** The unit of the target's numbers, such as "km". */
  readonly unit?: string | undefined;
  /** Names of the metrics, the main one first; all three by default. */
  readonly metrics?: readonly string[] | undefined;
  /** The squared error by default. */
  readonly loss?: NumberLoss | undefined;
}

/** The network must give numbers in the target's shape, or [1] for one number. */
export function regression({ target, unit, metrics, loss = squaredError }: RegressionOptions): Task {
  const { name, shape } = target;
  const errorsOf = errorsBy(sizeOf(shape));
  const parts = measured(sizeOf(shape));
  return {
    name: 'regression',
    targets: [{ name, dtype: 'f32', shape }],
    output: shape.length === 0 ? [1] : shape,
    unit: 'example',
    losses: (output, targets) => g.reduceMean(loss(errorsOf(output, targets)), [1]),
    metrics: regressionMetrics(unit, metrics)
      .filter((facts) => facts.name !== 'loss')
      .map((facts) => ({ ...facts, ...parts[facts.name as NumberMetricName] })) as unknown as Task['metrics'],
    outputs: (prediction) => ({ prediction }),
  };
}

/** [N, numbers of an example] */
const rowsOf = (x: Value, size: number) => g.reshape(x, [x.shape[0] ?? 1, size]);

const errorsBy =
  (size: number) =>
  (output: Value, [target]: readonly Value[]): Value =>
    g.sub(rowsOf(output, size), rowsOf(target as Value, size));

/** The sums and formulas of the metrics, for examples of so many numbers. */
function measured(size: number): Record<NumberMetricName, Required<Pick<Metric, 'sums' | 'figure'>>> {
  const errorsOf = errorsBy(size);
  /** The sum over the examples that count; each contributes the mean over its numbers. */
  const total = (x: Value, weights: Value) => g.reduceSum(g.mul(g.reduceMean(x, [1]), weights));
  const squares: Metric['sums'] = (output, targets, weights) => ({
    squares: total(squaredError(errorsOf(output, targets)), weights),
  });
  return {
    rmse: {
      sums: squares,
      figure: (sums) => g.sqrt(g.div(sums.squares as Value, sums.counted as Value)),
    },
    mae: {
      sums: (output, targets, weights) => ({
        absolute: total(abs(errorsOf(output, targets)), weights),
      }),
      figure: (sums) => g.div(sums.absolute as Value, sums.counted as Value),
    },
    r2: {
      sums(output, targets, weights) {
        const target = rowsOf(targets[0] as Value, size);
        return {
          ...squares(output, targets, weights),
          targets: total(target, weights),
          targetSquares: total(g.mul(target, target), weights),
        };
      },
      figure({ squares, targets, targetSquares, counted }) {
        const spread = g.sub(
          targetSquares as Value,
          g.div(g.mul(targets as Value, targets as Value), counted as Value),
        );
        return g.sub(1, g.div(squares as Value, spread));
      },
    },
  };
}
