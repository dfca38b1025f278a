/**
 * Confusion matrices: which class a model mistakes for which, as numbers and as the options of a
 * chart. The same in Node and in a page.
 */
import type { HeatMapOptions } from './heat-map.js';

/** [class][predicted class] */
export type Confusion = readonly (readonly number[])[];

export const rowSum = (confusion: Confusion, label: number) =>
  (confusion[label] ?? []).reduce((a, b) => a + b, 0);

/** The sum of the matrices of several models. */
export function sumOf(matrices: readonly Confusion[]): Confusion {
  const [first = []] = matrices;
  return first.map((row, i) =>
    row.map((_, j) => matrices.reduce((sum, matrix) => sum + (matrix[i]?.[j] ?? 0), 0)),
  );
}

export const confusionMap = (
  title: string,
  classNames: readonly string[],
  confusion: Confusion,
): HeatMapOptions => ({
  title,
  caption: 'how many of a class (row) are taken for which (column)',
  axes: ['class', 'taken for'],
  rows: classNames,
  columns: classNames,
  values: confusion.map((row) => row.map((examples) => (examples === 0 ? undefined : examples))),
  format: String,
  // Shaded by the square root, so that rare mistakes are visible beside the diagonal.
  shade: (examples, label) => Math.sqrt(examples / Math.max(1, rowSum(confusion, label))),
});

export interface Mistake {
  readonly label: number;
  readonly taken: number;
  readonly examples: number;
}

export const commonestMistakes = (confusion: Confusion, most: number): Mistake[] =>
  confusion
    .flatMap((row, label) =>
      row.flatMap((examples, taken) =>
        label === taken || examples === 0 ? [] : [{ label, taken, examples }],
      ),
    )
    .sort((a, b) => b.examples - a.examples)
    .slice(0, most);
