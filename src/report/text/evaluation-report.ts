/**
 * Describes a model's result on a set of images, or on rows of a table: the metrics of its task,
 * each class, and which class is mistaken for which.
 */

import type { Interval } from '../../metrics/bootstrap.js';
import { classificationMetrics, figuresOf } from '../../metrics/classification.js';
import { accuracyByClass, confusionRows } from '../../metrics/confusion.js';
import type { CutOffResult, DecisionRule } from '../../metrics/cut-off.js';
import { reasonUndefined } from '../../metrics/known-metrics.js';
import { type Figures, labelOf, type TaskMetrics, written, writtenOf } from '../../metrics/metric.js';
import type { Metrics } from '../../metrics/metrics.js';
import { resolutionOf, type ScoreDetails, scoreDetailsOf } from '../../metrics/score-details.js';
import { count, percent } from '../numbers.js';
import { textTable, widthOf } from '../text-table.js';
import { cutOffLine, probabilityText, ruleText } from './decision-lines.js';

/** The object that `evaluate --json` writes. */
export interface EvaluationResult {
  readonly model: string;
  readonly dataset: string;
  readonly examples: number;
  /**
   * Whether they are the test images of the set, or all of a folder in which nothing is set apart:
   * then the model may have been trained on some of them.
   */
  readonly part: 'test' | 'whole';
  /** The main one first. */
  readonly metrics: TaskMetrics;
  readonly figures: Figures;
  /** The middle 95% of so many bootstrap draws of the examples, if they were asked for. */
  readonly intervals?: Readonly<Record<string, Interval>>;
  readonly resamples?: number | undefined;
  /** The rule that has chosen a cut-off on these examples; it may have found none. */
  readonly decision?: DecisionRule;
  /** At that cut-off, at one that was asked for, or at that of the model, if there is one. */
  readonly atCutOff?: CutOffResult & { readonly cutOff: number };
  /** Areas with their resolution, curves and calibration, where the metrics measure them. */
  readonly scores?: ScoreDetails;
  /** The accuracy of a class without examples is null. */
  readonly classes: readonly {
    readonly name: string;
    /** Of masks: pixels. */
    readonly examples: number;
    readonly accuracy: number | null;
  }[];
  /** confusion[i][j]: examples of class i that were predicted as class j; of masks: pixels. */
  readonly confusion: readonly (readonly number[])[];
}

export interface MeasuredBy
  extends Pick<EvaluationResult, 'intervals' | 'resamples' | 'atCutOff' | 'decision'> {
  /** Accuracy and loss by default. */
  readonly chosen?: TaskMetrics;
}

export function evaluationResult(
  model: string,
  dataset: string,
  classNames: readonly string[],
  metrics: Metrics,
  part: EvaluationResult['part'] = 'test',
  { chosen = classificationMetrics, ...intervals }: MeasuredBy = {},
): EvaluationResult {
  const byClass = accuracyByClass(metrics);
  const confusion = confusionRows(metrics);
  const scores = scoreDetailsOf(metrics);
  return {
    model,
    dataset,
    examples: metrics.examples,
    part,
    metrics: chosen,
    figures: figuresOf(metrics),
    ...intervals,
    ...(scores && { scores }),
    classes: classNames.map((name, label) => {
      const fraction = byClass[label] as number;
      const examples = (confusion[label] ?? []).reduce((a, b) => a + b, 0);
      return { name, examples, accuracy: Number.isNaN(fraction) ? null : fraction };
    }),
    confusion,
  };
}

const notATest = (what: string) =>
  `This is no test: nothing sets test ${what} apart here, and the figures are too good if the model was trained on some of these.`;

/**
 * @param what the examples are called
 * @param counted what belongs to a class: an example, or a part of it
 */
export function evaluationReport(
  result: EvaluationResult,
  width = 100,
  what: 'images' | 'rows' | 'examples' = 'images',
  counted: 'images' | 'rows' | 'examples' | 'pixels' = what,
): string {
  const { classes, confusion } = result;
  const perClass = textTable([
    ['class', counted, 'accuracy'],
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
  const confused =
    widthOf(matrix) <= width
      ? [
          `confusion: one line for each class, one column for each class that its ${counted} were taken for`,
          ...matrix,
        ]
      : ['confusion: the commonest mistakes', ...mistakes(result)];
  return [
    `${result.metrics.map((metric) => `${labelOf(metric)} ${writtenOf(metric, result.figures)}`).join(', ')} on ${count(result.examples)} ${result.part === 'test' ? `test ${what}` : what} of ${result.dataset}`,
    ...(result.part === 'test' ? [] : [notATest(what)]),
    ...notes(result, what),
    ...(classes.length === 0 ? [] : ['', ...perClass, '', ...confused]),
  ].join('\n');
}

/** Intervals, the resolution of areas, and which figures there are not. */
function notes(
  { metrics, figures, intervals, resamples = 0, scores, part, atCutOff, classes, decision }: EvaluationResult,
  what: string,
): string[] {
  const listed = metrics.flatMap((metric) => {
    const interval = intervals?.[metric.name];
    if (interval === undefined) return [];
    return [`${labelOf(metric)} ${written(metric, interval.low)} to ${written(metric, interval.high)}`];
  });
  const undefinedOnes = metrics.flatMap((metric) => {
    const reason = reasonUndefined(metric);
    if (figures[metric.name] !== undefined || reason === undefined) return [];
    return [`no ${labelOf(metric)}: the ${part === 'test' ? `test ${what}` : what} ${reason}`];
  });
  const resolution = scores && resolutionOf(scores);
  return [
    ...(listed.length === 0
      ? []
      : [`95% intervals, of ${count(resamples)} bootstrap draws: ${listed.join(', ')}`]),
    ...(resolution === undefined
      ? []
      : [`areas are from histograms of scores, and exact within ${resolution}`]),
    ...undefinedOnes,
    ...(atCutOff === undefined
      ? decision === undefined
        ? []
        : [
            `no probability was chosen by ${ruleText(decision)}: the ${what} are of one class only, or none has it`,
          ]
      : [
          `“${classes[1]?.name}” from a probability of ${probabilityText(atCutOff.cutOff)} on: ${cutOffLine(part === 'test' ? `test ${what}` : what, atCutOff)}`,
          ...(decision === undefined
            ? []
            : [
                `that probability was chosen by ${ruleText(decision)} on these very ${what}: of others, expect less`,
              ]),
        ]),
  ];
}

/** The largest cells beside the diagonal, for a matrix that is too wide to show. */
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
