/**
 * Makes the figures of the main metric by round, on the coordinator's test examples and on the
 * participants' own.
 */
import { written } from '../../../metrics/metric.js';
import type { Overview, RoundView } from '../../../protocol/view.js';
import type { LineChartOptions } from '../../../report/charts/line-chart.js';
import {
  type MetricByRound,
  testChart,
  validationChart,
  weightedChart,
} from '../../../report/charts/metric-charts.js';
import { evaluatedStrategies, type FigureOf, figuresBy, referenceOf } from '../../../report/run-figures.js';
import { wordsOf } from '../../../report/words.js';
import { type FigureData, type Numbers, numbersOfLines } from './figure-data.js';

/** @param chosen the participants that have their own lines, if there are many */
export function metricFigures(
  overview: Overview,
  views: readonly RoundView[],
  chosen: readonly string[],
): { readonly test: FigureData; readonly validation: FigureData } {
  const { configuration, participants, metrics } = overview;
  const [metric] = metrics;
  const { mergedTest, ownTest, copyValidation, ownValidation } = figuresBy(metric);
  const rounds = views.map(({ result }) => result);
  const merged = rounds.flatMap((round) => Object.keys(round.merged));
  const run: MetricByRound = {
    words: wordsOf(overview, configuration),
    metric,
    rounds,
    participants,
    // Includes the average over rounds and the refitted last layer.
    strategies: [...new Set([...evaluatedStrategies({ configuration }), ...merged])],
    reference: referenceOf(configuration, metrics),
    chosen,
  };
  return {
    test: figure(
      overview.testExamples ? testChart(run) : weightedChart(run),
      overview.testExamples
        ? [
            ...run.strategies.map((name) => ({
              name,
              values: rounds.map((round) => mergedTest(round, name)),
            })),
            ...ofEverybody(run, 'own model', ownTest),
          ]
        : undefined,
      run,
    ),
    validation: figure(
      validationChart(run),
      [
        ...ofEverybody(run, 'copy', copyValidation),
        ...ofEverybody(run, 'own model', ownValidation),
        ...referenceColumns(run),
      ],
      run,
    ),
  };
}

interface FigureColumn {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

/** The column of the reference, if it is of this metric. */
function referenceColumns({ metric, reference, rounds }: MetricByRound): FigureColumn[] {
  if (reference?.metric.name !== metric.name) return [];
  return [{ name: 'reference', values: rounds.map(() => reference.value) }];
}

const ofEverybody = (
  { rounds, participants }: MetricByRound,
  what: string,
  numberOf: FigureOf,
): FigureColumn[] =>
  participants.map((name) => ({
    name: `${name}, ${what}`,
    values: rounds.map((round) => numberOf(round, name)),
  }));

function figure(
  options: LineChartOptions,
  columns: readonly FigureColumn[] | undefined,
  { metric, rounds }: MetricByRound,
): FigureData {
  const all: Numbers | undefined = columns && {
    corner: 'round',
    columns: columns.map(({ name }) => name),
    rows: rounds.map(({ round }, index) => ({
      name: String(round),
      values: columns.map(({ values }) => values[index]),
    })),
  };
  return {
    title: options.title,
    caption: options.caption,
    chart: { kind: 'line', options },
    numbers: numbersOfLines(options),
    format: (value) => written(metric, value),
    all,
  };
}
