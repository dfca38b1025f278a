/** What a model did on a set of examples: counts, so that parts can be added up in any split. */

export interface Metrics {
  readonly examples: number;
  readonly correct: number;
  /** Σ loss over the examples. */
  readonly lossSum: number;
  /** [classes, classes], row-major: examples of class i that were taken for class j. */
  readonly confusion: Uint32Array;
}

export const accuracy = ({ correct, examples }: Metrics) => (examples === 0 ? 0 : correct / examples);

export const meanLoss = ({ lossSum, examples }: Metrics) => (examples === 0 ? 0 : lossSum / examples);

/** The part of each class that was recognised, [classes]; NaN for a class without examples. */
export function accuracyByClass({ confusion }: Metrics): number[] {
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, label) => {
    const row = confusion.subarray(label * classes, (label + 1) * classes);
    return (row[label] as number) / row.reduce((a, b) => a + b, 0);
  });
}

/** The metrics of the union of disjoint sets, added in the order given. */
export function addMetrics(parts: readonly Metrics[]): Metrics {
  const confusion = new Uint32Array(parts[0]?.confusion.length ?? 0);
  let [examples, correct, lossSum] = [0, 0, 0];
  for (const part of parts) {
    examples += part.examples;
    correct += part.correct;
    lossSum += part.lossSum;
    part.confusion.forEach((count, cell) => {
      confusion[cell] = (confusion[cell] as number) + count;
    });
  }
  return { examples, correct, lossSum, confusion };
}
