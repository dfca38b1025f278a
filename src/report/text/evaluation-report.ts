/**
 * Describes a model's result on a set of images: the metrics of its task, each class, and which
 * class is mistaken for which.
 */
import { classificationMetrics, figuresOf } from '../../metrics/classification.js';
import { type Figures, labelOf, type TaskMetrics, writtenOf } from '../../metrics/metric.js';
import { accuracyByClass, confusionRows, type Metrics } from '../../metrics/metrics.js';
import { count, percent } from '../numbers.js';
import { textTable, widthOf } from '../text-table.js';

/** The object that `evaluate --json` writes. */
export interface EvaluationResult {
  readonly model: string;
  readonly dataset: string;
  readonly examples: number;
  /** The main one first. */
  readonly metrics: TaskMetrics;
  readonly figures: Figures;
  /** The accuracy of a class without examples is null. */
  readonly classes: readonly {
    readonly name: string;
    readonly examples: number;
    readonly accuracy: number | null;
  }[];
  /** confusion[i][j]: examples of class i that were taken for class j. */
  readonly confusion: readonly (readonly number[])[];
}

export function evaluationResult(
  model: string,
  dataset: string,
  classNames: readonly string[],
  metrics: Metrics,
): EvaluationResult {
  const byClass = accuracyByClass(metrics);
  const confusion = confusionRows(metrics);
  return {
    model,
    dataset,
    examples: metrics.examples,
    metrics: classificationMetrics,
    figures: figuresOf(metrics),
    classes: classNames.map((name, label) => {
      const fraction = byClass[label] as number;
      const examples = (confusion[label] ?? []).reduce((a, b) => a + b, 0);
      return { name, examples, accuracy: Number.isNaN(fraction) ? null : fraction };
    }),
    confusion,
  };
}

export function evaluationReport(result: EvaluationResult, width = 100): string {
  const { classes, confusion } = result;
  const perClass = textTable([
    ['class', 'images', 'accuracy'],
    ...classes.map(({ name, examples, accuracy }) => [
      name,
      count(examples),
      accuracy === null ? '–' : percent(accuracy),
    ]),
  ]);
  const matrix = textTable([
    ['', ...classes.map((_, label) => String(label))],
    ...confusion.map((row, label) => [
      classes[label]?.name === String(label) ? String(label) : `${label} ${classes[label]?.name}`,
      ...row.map((cell) => (cell === 0 ? '·' : String(cell))),
    ]),
  ]);
  return [
    `${result.metrics.map((metric) => `${labelOf(metric)} ${writtenOf(metric, result.figures)}`).join(', ')} on ${count(result.examples)} test images of ${result.dataset}`,
    '',
    ...perClass,
    '',
    ...(widthOf(matrix) <= width
      ? [
          'confusion: one line for each class, one column for each class that its images were taken for',
          ...matrix,
        ]
      : ['confusion: the commonest mistakes', ...mistakes(result)]),
  ].join('\n');
}

/** A matrix that is too wide to read: its largest cells beside the diagonal. */
function mistakes({ classes, confusion }: EvaluationResult): string[] {
  const name = (label: number) => classes[label]?.name ?? String(label);
  const cells = confusion.flatMap((row, label) =>
    row.flatMap((examples, taken) => (label === taken || examples === 0 ? [] : [{ label, taken, examples }])),
  );
  const largest = cells.sort((a, b) => b.examples - a.examples).slice(0, 20);
  return textTable(
    largest.map(({ label, taken, examples }) => [name(label), `taken for ${name(taken)}`, count(examples)]),
    [0, 1],
  );
}
