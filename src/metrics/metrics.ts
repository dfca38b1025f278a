/** What a model did on a set of examples: counts, so that parts can be added up in any split. */
import { requireArray } from '../tensor/arrays.js';

export interface Metrics {
  readonly examples: number;
  readonly correct: number;
  /** Σ loss over the examples. */
  readonly lossSum: number;
  /** [classes, classes], row-major: examples of class i that were taken for class j. */
  readonly confusion: Uint32Array;
  /** Example by example, where the evaluation kept it. */
  readonly answers?: Answers;
}

/** [examples], in the order in which they were evaluated. */
export interface Answers {
  readonly labels: Uint8Array;
  readonly predictions: Uint8Array;
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

/** The metrics of the union of disjoint sets, added in the order given; answers stay where every part has them. */
export function addMetrics(parts: readonly Metrics[]): Metrics {
  const confusion = new Uint32Array(parts[0]?.confusion.length ?? 0);
  let [examples, correct, lossSum] = [0, 0, 0];
  for (const part of parts) {
    requireArray('evaluation: the confusion of a part', part.confusion, 'Uint32Array', confusion.length);
    examples += part.examples;
    correct += part.correct;
    lossSum += part.lossSum;
    part.confusion.forEach((count, cell) => {
      confusion[cell] = (confusion[cell] as number) + count;
    });
  }
  const answers = parts.flatMap((part) => part.answers ?? []);
  return {
    examples,
    correct,
    lossSum,
    confusion,
    ...(answers.length === parts.length && { answers: joined(answers) }),
  };
}

function joined(answers: readonly Answers[]): Answers {
  const concatenated = (key: keyof Answers) => Uint8Array.from(answers.flatMap((part) => [...part[key]]));
  return { labels: concatenated('labels'), predictions: concatenated('predictions') };
}

/** [classes][classes]: as nested lists, the form that files have. */
export function confusionRows({ confusion }: Pick<Metrics, 'confusion'>): number[][] {
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, label) => [
    ...confusion.subarray(label * classes, (label + 1) * classes),
  ]);
}
