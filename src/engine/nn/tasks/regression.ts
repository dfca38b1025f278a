/**
 * Regression: predicts numbers. The loss of an example is the mean of (ŷ − y)² over its numbers.
 * The metrics are over all numbers of all examples:
 *
 *     RMSE = √(Σ(ŷ − y)²/n)
 *     MAE  = Σ|ŷ − y|/n
 *     R²   = 1 − Σ(ŷ − y)²/(Σy² − (Σy)²/n)
 *
 * The sums of a batch are float32. Centre targets that are much larger than their spread, or R²
 * loses digits.
 */
import { type Shape, sizeOf } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import type { Metric, Task } from './task.js';

export interface RegressionOptions {
  /** The column that is predicted. */
  readonly target: { readonly name: string; readonly shape: Shape };
  /** The unit of the target's numbers, such as "km". */
  readonly unit?: string | undefined;
}

/** The network must give numbers in the target's shape, or [1] for one number. */
export function regression({ target: { name, shape }, unit }: RegressionOptions): Task {
  const size = sizeOf(shape);
  /** [N, numbers of an example] */
  const rows = (x: Value) => g.reshape(x, [x.shape[0] ?? 1, size]);
  const errors = (output: Value, [target]: readonly Value[]) => g.sub(rows(output), rows(target as Value));
  /** The sum over the examples that count; each contributes the mean over its numbers. */
  const total = (x: Value, weights: Value) => g.reduceSum(g.mul(g.reduceMean(x, [1]), weights));
  const metric = (
    facts: Pick<Metric, 'name' | 'label' | 'unit' | 'better'>,
    sums: Metric['sums'],
    figure: Metric['figure'],
  ): Metric => ({ ...facts, format: 'number', sums, figure });
  const squares: Metric['sums'] = (output, targets, weights) => {
    const error = errors(output, targets);
    return { squares: total(g.mul(error, error), weights) };
  };
  const measured = { better: 'lower', ...(unit !== undefined && { unit }) } as const;
  return {
    name: 'regression',
    targets: [{ name, dtype: 'f32', shape }],
    output: shape.length === 0 ? [1] : shape,
    unit: 'example',
    losses(output, targets) {
      const error = errors(output, targets);
      return g.reduceMean(g.mul(error, error), [1]);
    },
    metrics: [
      metric({ name: 'rmse', label: 'RMSE', ...measured }, squares, (sums) => {
        return g.sqrt(g.div(sums.squares as Value, sums.counted as Value));
      }),
      metric(
        { name: 'mae', label: 'MAE', ...measured },
        (output, targets, weights) => {
          const error = errors(output, targets);
          return { absolute: total(g.add(g.relu(error), g.relu(g.neg(error))), weights) };
        },
        (sums) => g.div(sums.absolute as Value, sums.counted as Value),
      ),
      metric(
        { name: 'r2', label: 'R²', better: 'higher' },
        (output, targets, weights) => {
          const target = rows(targets[0] as Value);
          return {
            ...squares(output, targets, weights),
            targets: total(target, weights),
            targetSquares: total(g.mul(target, target), weights),
          };
        },
        ({ squares, targets, targetSquares, counted }) => {
          const spread = g.sub(
            targetSquares as Value,
            g.div(g.mul(targets as Value, targets as Value), counted as Value),
          );
          return g.sub(1, g.div(squares as Value, spread));
        },
      ),
    ],
    outputs: (prediction) => ({ prediction }),
  };
}
