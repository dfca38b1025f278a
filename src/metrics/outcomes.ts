/**
 * Figures of classes, each against the rest, from counts:
 *
 *     precision = TP/(TP + FP),  recall = TP/(TP + FN),  F1 = 2·TP/(2·TP + FP + FN),
 *     intersection over union = TP/(TP + FP + FN)
 *
 * A figure whose denominator is 0 is undefined (NaN here), and left out of means over classes.
 */

/** [classes], each against the rest. */
export interface Outcomes {
  readonly truePositives: readonly number[];
  readonly falsePositives: readonly number[];
  readonly falseNegatives: readonly number[];
  readonly trueNegatives: readonly number[];
}

/** @param confusion [classes, classes]: the number of examples of class i taken for class j */
export function outcomesOfConfusion(confusion: Float64Array): Outcomes {
  const classes = Math.sqrt(confusion.length);
  const cell = (label: number, taken: number) => confusion[label * classes + taken] as number;
  const all = Array.from({ length: classes }, (_, label) => label);
  const truePositives = all.map((c) => cell(c, c));
  const falseNegatives = all.map((c) => sum(all.map((j) => (j === c ? 0 : cell(c, j)))));
  const falsePositives = all.map((c) => sum(all.map((i) => (i === c ? 0 : cell(i, c)))));
  const total = sum([...confusion]);
  const trueNegatives = all.map(
    (c) =>
      total - (truePositives[c] as number) - (falseNegatives[c] as number) - (falsePositives[c] as number),
  );
  return { truePositives, falsePositives, falseNegatives, trueNegatives };
}

/** @param counts [4, labels]: true and false positives, false and true negatives */
export function outcomesOfLabels(counts: Float64Array): Outcomes {
  const labels = counts.length / 4;
  const row = (at: number) => [...counts.subarray(at * labels, (at + 1) * labels)];
  return {
    truePositives: row(0),
    falsePositives: row(1),
    falseNegatives: row(2),
    trueNegatives: row(3),
  };
}

/** The part of all decisions, for or against each label, that are right. */
export function accuracyOf({ truePositives, falsePositives, falseNegatives, trueNegatives }: Outcomes) {
  const right = sum(truePositives) + sum(trueNegatives);
  return right / (right + sum(falsePositives) + sum(falseNegatives));
}

export const precisions = ({ truePositives, falsePositives }: Outcomes): number[] =>
  truePositives.map((hits, c) => hits / (hits + (falsePositives[c] as number)));

export const recalls = ({ truePositives, falseNegatives }: Outcomes): number[] =>
  truePositives.map((hits, c) => hits / (hits + (falseNegatives[c] as number)));

export const f1Scores = ({ truePositives, falsePositives, falseNegatives }: Outcomes): number[] =>
  truePositives.map(
    (hits, c) => (2 * hits) / (2 * hits + (falsePositives[c] as number) + (falseNegatives[c] as number)),
  );

export const intersectionsOverUnions = ({
  truePositives,
  falsePositives,
  falseNegatives,
}: Outcomes): number[] =>
  truePositives.map(
    (hits, c) => hits / (hits + (falsePositives[c] as number) + (falseNegatives[c] as number)),
  );

/** The part of what was counted whose own class was predicted. */
export const partRight = (outcomes: Outcomes): number =>
  sum(outcomes.truePositives) / sum(supports(outcomes));

/** The number of examples of each class. */
export const supports = ({ truePositives, falseNegatives }: Outcomes): number[] =>
  truePositives.map((hits, c) => hits + (falseNegatives[c] as number));

/** The mean over the classes that have the figure; NaN if none has. */
export function meanOfDefined(values: readonly number[]): number {
  const defined = values.filter((value) => !Number.isNaN(value));
  return sum(defined) / defined.length;
}

/** The mean weighted by the examples of each class; a class without examples has no part in it. */
export function meanBySupport(values: readonly number[], outcomes: Outcomes): number {
  const examples = supports(outcomes);
  return (
    sum(values.map((value, c) => (examples[c] === 0 ? 0 : value * (examples[c] as number)))) / sum(examples)
  );
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
