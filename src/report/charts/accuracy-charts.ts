/**
 * Makes the charts of accuracy by round, for every participant and every strategy, before they are
 * drawn. The same in Node and in a page.
 */
import type { RoundResult } from '../../federation/record/run-result.js';
import {
  copyValidation,
  meanOf,
  mergedTest,
  ownTest,
  ownValidation,
  weightedByExamples,
} from '../run-figures.js';
import type { Line, LineChartOptions } from './line-chart.js';

/** More participants than these share one line, with a band from the lowest to the highest. */
const MOST_LINES = 6;

export interface AccuracyByRound {
  readonly rounds: readonly RoundResult[];
  readonly participants: readonly string[];
  /** Those that were evaluated, the copied one first. */
  readonly strategies: readonly string[];
  readonly reference?: number | undefined;
  /** As long as `rounds`, where there is pooled training beside the run. */
  readonly pooled?: readonly (number | undefined)[] | undefined;
  /** Those of many participants that have lines of their own. */
  readonly chosen?: readonly string[] | undefined;
}

export const wholePercent = (value: number) => `${Number((100 * value).toFixed(1))}%`;

const axis = ({ rounds }: AccuracyByRound) => ({
  name: 'round',
  values: rounds.map(({ round }) => round),
  whole: true,
});

export const testAccuracyChart = (run: AccuracyByRound): LineChartOptions => ({
  title: 'On the test images',
  caption: 'the coordinator’s own: merged models, and the participants’ models before the merge',
  x: axis(run),
  format: wholePercent,
  lines: [
    ...run.strategies.map((name) => ({ name, values: run.rounds.map((round) => mergedTest(round, name)) })),
    ...participantLines(run, 'own model', ownTest, 'dashed'),
    ...(run.pooled === undefined
      ? []
      : [{ name: 'pooled', values: run.pooled, stroke: 'dotted' as const, series: 7 }]),
  ],
});

export function weightedAccuracyChart(run: AccuracyByRound): LineChartOptions {
  const weighted = (accuracyOf: typeof ownValidation) =>
    run.rounds.map((round) => weightedByExamples(round, (name) => accuracyOf(round, name)));
  return {
    title: 'Weighted by examples',
    caption: 'the coordinator holds no test images: the participants’ own validation accuracies, averaged',
    x: axis(run),
    format: wholePercent,
    lines: [
      { name: 'copied model', values: weighted(copyValidation) },
      { name: 'own models', values: weighted(ownValidation), stroke: 'dashed' },
    ],
  };
}

export const validationAccuracyChart = (run: AccuracyByRound): LineChartOptions => ({
  title: 'On the participants’ validation images',
  caption: 'each on its own: its model before the merge, and the copied model',
  x: axis(run),
  format: wholePercent,
  lines: [
    ...participantLines(run, 'copy', copyValidation, 'solid'),
    ...participantLines(run, 'own model', ownValidation, 'dashed'),
  ],
  levels: run.reference === undefined ? [] : [{ name: 'reference', value: run.reference }],
});

/** A participant has the same colour in every chart, after those of the strategies. */
export function participantLines(
  { rounds, participants, strategies, chosen = [] }: AccuracyByRound,
  what: string,
  numberOf: (round: RoundResult, name: string) => number | undefined,
  stroke: 'solid' | 'dashed',
): Line[] {
  const first = strategies.length;
  const lineOf = (name: string, series: number): Line => ({
    name: `${name}, ${what}`,
    values: rounds.map((round) => numberOf(round, name)),
    stroke,
    series,
  });
  if (participants.length <= MOST_LINES) {
    return participants.map((name, index) => lineOf(name, first + index));
  }
  const numbers = rounds.map((round) => participants.map((name) => numberOf(round, name)));
  return [
    {
      name: `${what}: mean of ${participants.length}, least to largest`,
      values: numbers.map(meanOf),
      band: numbers.map((all) => {
        const known = all.filter((value) => value !== undefined);
        return known.length === 0 ? undefined : ([Math.min(...known), Math.max(...known)] as const);
      }),
      stroke,
      series: first + (stroke === 'solid' ? 0 : 1),
    },
    ...chosen.map((name, index) => lineOf(name, first + 2 + index)),
  ];
}
