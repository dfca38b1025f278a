/** What a stand-in for a worker says of a model that classifies. */
import { classification } from '../src/engine/nn/tasks/classification.js';
import { measuresOf } from '../src/engine/nn/tasks/evaluation-sums.js';
import type { Answers, Metrics } from '../src/metrics/metrics.js';

const { rules } = measuresOf(classification({ classes: 2 }));

export function classified({
  examples,
  correct,
  lossSum = 0,
  confusion = new Array<number>(4).fill(0),
  answers,
}: {
  readonly examples: number;
  readonly correct: number;
  readonly lossSum?: number;
  readonly confusion?: ArrayLike<number>;
  readonly answers?: Answers;
}): Metrics {
  return {
    ...{ examples, counted: examples, lossSum, rules },
    sums: { correct: Float64Array.of(correct), confusion: Float64Array.from(confusion) },
    ...(answers && { answers }),
  };
}
