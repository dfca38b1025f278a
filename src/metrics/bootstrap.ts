/**
 * Intervals of figures by the bootstrap: the examples are drawn again and again, with replacement,
 * and the interval holds the middle 95% of the figures of the draws (Efron 1979, percentiles). It
 * says how much a figure would differ on other examples of the same kind, for this very model.
 *
 * A draw adds the sums of each example as often as it was drawn. So every metric has an interval,
 * whatever its sums are.
 */
import { randomStream } from '../base/random.js';
import type { TakeTurn } from '../base/turns.js';
import { sumOfRows } from './example-sums.js';
import { figuresOfSums, type Metrics } from './metrics.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * The interval of each figure, from as many draws as `resamples`. A figure has none if fewer than
 * half of the draws define it.
 * @param metrics of all examples, with `each`
 * @param figuresOf the figures of a draw; the metrics of the task by default
 */
export async function bootstrapIntervals(
  { each = {}, examples, ...metrics }: Metrics,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
  takeTurn: TakeTurn,
  figuresOf: (draw: Metrics) => Readonly<Record<string, number>> = figuresOfSums,
): Promise<Record<string, Interval>> {
  const drawn = new Map<string, number[]>();
  for (let draw = 0; draw < resamples; draw++) {
    await takeTurn();
    const counts = countsOf(examples, seed, draw);
    const { lossSum, counted, ...sums } = Object.fromEntries(
      Object.entries(each).map(([name, rows]) => {
        return [name, sumOfRows(rows, counts, metrics.sums[name]?.length ?? 1)] as const;
      }),
    );
    const figures = figuresOf({
      ...{ examples, sums, rules: metrics.rules },
      ...{ lossSum: lossSum?.[0] ?? 0, counted: counted?.[0] ?? 0 },
    });
    for (const [name, value] of Object.entries(figures)) {
      if (!Number.isFinite(value)) continue;
      const values = drawn.get(name) ?? [];
      values.push(value);
      drawn.set(name, values);
    }
  }
  const defined = [...drawn].filter(([, values]) => 2 * values.length >= resamples);
  return Object.fromEntries(defined.map(([name, values]) => [name, middle(values)]));
}

/** How often each example was drawn. */
function countsOf(examples: number, seed: number, draw: number): Uint32Array {
  const random = randomStream(seed, draw, 'bootstrap');
  const counts = new Uint32Array(examples);
  for (let k = 0; k < examples; k++) {
    const place = random.integer(examples);
    counts[place] = (counts[place] as number) + 1;
  }
  return counts;
}

/** From the 2.5th to the 97.5th percentile, with straight lines between the values. */
function middle(values: readonly number[]): Interval {
  const sorted = Float64Array.from(values).sort();
  const quantile = (part: number) => {
    const at = part * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
    return below + (at - Math.floor(at)) * (above - below);
  };
  return { low: quantile(0.025), high: quantile(0.975) };
}
