/**
 * Makes the options of a metric's charts by round, for every participant and every strategy. The
 * same in Node and in a page.
 */
import type { RoundResult } from '../../federation/record/run-result.js';
import { type MetricFacts, writtenTick } from '../../metrics/metric.js';
import type { Target } from '../../metrics/target.js';
import { type FigureOf, figuresBy, meanOf, weightedByExamples } from '../run-figures.js';
import type { Words } from '../words.js';
import type { Line, LineChartOptions } from './line-chart.js';

/** More participants than these share one line, with a band from the lowest to the highest. */
const MOST_LINES = 6;

export interface MetricByRound {
  readonly words: Words;
  readonly metric: MetricFacts;
  readonly rounds: readonly RoundResult[];
  readonly participants: readonly string[];
  /** The strategies that were evaluated, the copied one first. */
  readonly strategies: readonly string[];
  readonly reference?: Target | undefined;
  /** As long as `rounds`, if the run has pooled training. */
  readonly pooled?: readonly (number | undefined)[] | undefined;
  /** The participants that have their own lines, if there are many. */
  readonly chosen?: readonly string[] | undefined;
}

const axis = ({ rounds }: MetricByRound) => ({
  name: 'round',
  values: rounds.map(({ round }) => round),
  whole: true,
});

/** The caption says so if lower is better. */
const captionOf = ({ metric }: MetricByRound, text: string) =>
  metric.better === 'lower' ? `${text}; lower is better` : text;

export const testChart = (run: MetricByRound): LineChartOptions => ({
  title: `On the test ${run.words.examples}`,
  caption: captionOf(
    run,
    'the coordinator’s own: merged models, and the participants’ models before the merge',
  ),
  x: axis(run),
  format: (value) => writtenTick(run.metric, value),
  lines: [
    ...run.strategies.map((name) => ({
      name,
      values: run.rounds.map((round) => figuresBy(run.metric).mergedTest(round, name)),
    })),
    ...participantLines(run, 'own model', figuresBy(run.metric).ownTest, 'dashed'),
    ...(run.pooled === undefined
      ? []
      : [{ name: 'pooled', values: run.pooled, stroke: 'dotted' as const, series: 7 }]),
  ],
});

export function weightedChart(run: MetricByRound): LineChartOptions {
  const { copyValidation, ownValidation } = figuresBy(run.metric);
  const weighted = (figureOf: FigureOf) =>
    run.rounds.map((round) => weightedByExamples(round, (name) => figureOf(round, name)));
  return {
    title: 'Weighted by examples',
    caption: captionOf(
      run,
      `the coordinator holds no test ${run.words.examples}: the mean over the participants’ own validation`,
    ),
    x: axis(run),
    format: (value) => writtenTick(run.metric, value),
    lines: [
      { name: 'copied model', values: weighted(copyValidation) },
      { name: 'own models', values: weighted(ownValidation), stroke: 'dashed' },
    ],
  };
}

export const validationChart = (run: MetricByRound): LineChartOptions => ({
  title: `On the participants’ validation ${run.words.examples}`,
  caption: captionOf(run, 'each on its own: its model before the merge, and the copied model'),
  x: axis(run),
  format: (value) => writtenTick(run.metric, value),
  lines: [
    ...participantLines(run, 'copy', figuresBy(run.metric).copyValidation, 'solid'),
    ...participantLines(run, 'own model', figuresBy(run.metric).ownValidation, 'dashed'),
  ],
  // A reference of another metric is not drawn on this axis.
  levels:
    run.reference?.metric.name === run.metric.name ? [{ name: 'reference', value: run.reference.value }] : [],
});

/** A participant has the same colour in every chart, after those of the strategies. */
export function participantLines(
  { rounds, participants, strategies, chosen = [] }: MetricByRound,
  what: string,
  numberOf: FigureOf,
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
