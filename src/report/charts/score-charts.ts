/**
 * The options of charts of predicted probabilities: ROC and precision-recall curves, and
 * calibration. The same in Node and in a page.
 */
import { CALIBRATION_BINS } from '../../metrics/calibration.js';
import { CURVE_GRID } from '../../metrics/score-curves.js';
import type { ScoreDetails, ScoredCategory } from '../../metrics/score-details.js';
import type { Line, LineChartOptions } from './line-chart.js';

/** A model and what is known of it. */
export interface ScoredModel {
  readonly name: string;
  readonly scores: ScoreDetails;
}

/** The charts that these models have data for, on the same examples. */
export function scoreCharts(
  models: readonly ScoredModel[],
  nameOf: (category: number) => string,
): LineChartOptions[] {
  const first = models[0]?.scores.scored ?? [];
  const against =
    first.length === 1 ? `“${nameOf(first[0]?.category ?? 1)}” against the rest` : 'each against the rest';
  const roc = linesBy(models, nameOf, ({ roc }) => roc);
  const precision = linesBy(models, nameOf, ({ precisionRecall }) => precisionRecall);
  const calibration = models.flatMap(calibrationLine);
  return [
    chart('ROC curve', `${against}; the diagonal is guessing`, 'false positive rate', CURVE_GRID, [
      ...roc,
      ...diagonal(roc.length > 0, 'guessing', CURVE_GRID),
    ]),
    chart('Precision by recall', against, 'recall', CURVE_GRID, precision),
    chart(
      'Calibration',
      'how many of the examples are so, by their predicted probability; the diagonal is perfect',
      'predicted probability',
      BIN_CENTRES,
      [...calibration, ...diagonal(calibration.length > 0, 'perfect', BIN_CENTRES)],
    ),
  ].filter(({ lines }) => lines.length > 0);
}

const BIN_CENTRES = Array.from({ length: CALIBRATION_BINS }, (_, bin) => (bin + 0.5) / CALIBRATION_BINS);

const chart = (
  title: string,
  caption: string,
  x: string,
  values: readonly number[],
  lines: readonly Line[],
): LineChartOptions => ({
  ...{ title, caption, lines, x: { name: x, values } },
  format: (value) => String(Number(value.toFixed(2))),
});

/** A line for each model; where several categories are scored, for each of the first model’s. */
function linesBy(
  models: readonly ScoredModel[],
  nameOf: (category: number) => string,
  curveOf: (category: ScoredCategory) => readonly number[] | undefined,
): Line[] {
  const [first] = models;
  const several = (first?.scores.scored ?? []).length > 1;
  const each = several ? models.slice(0, 1) : models;
  return each.flatMap(({ name, scores }, place) =>
    (scores.scored ?? []).flatMap((scored, index) => {
      const values = curveOf(scored);
      if (values === undefined) return [];
      const shown = { name: several ? nameOf(scored.category) : name, series: several ? index : place };
      return [{ ...shown, values, ...(!several && place > 0 && { stroke: 'dashed' as const }) }];
    }),
  );
}

function calibrationLine({ name, scores }: ScoredModel, place: number): Line[] {
  if (scores.calibration === undefined) return [];
  const values: (number | undefined)[] = BIN_CENTRES.map(() => undefined);
  for (const { predicted, observed } of scores.calibration) {
    values[Math.max(0, Math.ceil(predicted * CALIBRATION_BINS) - 1)] = observed;
  }
  return [{ name, values, series: place, ...(place > 0 && { stroke: 'dashed' }) }];
}

const diagonal = (wanted: boolean, name: string, values: readonly number[]): Line[] =>
  wanted ? [{ name, values, stroke: 'dotted', series: 7 }] : [];
