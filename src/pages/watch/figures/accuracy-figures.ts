/**
 * Makes the figures of accuracy by round, on the coordinator's test images and on the participants'
 * own.
 */
import type { Overview, RoundView } from '../../../protocol/view.js';
import {
  type AccuracyByRound,
  testAccuracyChart,
  validationAccuracyChart,
  weightedAccuracyChart,
} from '../../../report/charts/accuracy-charts.js';
import type { LineChartOptions } from '../../../report/charts/line-chart.js';
import { percent } from '../../../report/numbers.js';
import {
  copyValidation,
  mergedTest,
  ownTest,
  ownValidation,
  referenceOf,
  strategiesOf,
} from '../../../report/run-figures.js';
import { type FigureData, type Numbers, numbersOfLines } from './figure-data.js';

/** @param chosen those of many participants that have lines of their own */
export function accuracyFigures(
  overview: Overview,
  views: readonly RoundView[],
  chosen: readonly string[],
): { readonly test: FigureData; readonly validation: FigureData } {
  const { configuration, participants } = overview;
  const rounds = views.map(({ result }) => result);
  const merged = rounds.flatMap((round) => Object.keys(round.merged));
  const run: AccuracyByRound = {
    rounds,
    participants,
    // Besides the strategies: the average over rounds, and the refitted last layer.
    strategies: [...new Set([...strategiesOf({ configuration }), ...merged])],
    reference: referenceOf(configuration)?.value,
    chosen,
  };
  return {
    test: figure(
      overview.testImages ? testAccuracyChart(run) : weightedAccuracyChart(run),
      overview.testImages
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
      validationAccuracyChart(run),
      [
        ...ofEverybody(run, 'copy', copyValidation),
        ...ofEverybody(run, 'own model', ownValidation),
        ...(run.reference === undefined
          ? []
          : [{ name: 'reference', values: rounds.map(() => run.reference) }]),
      ],
      run,
    ),
  };
}

interface Column {
  readonly name: string;
  readonly values: readonly (number | undefined)[];
}

const ofEverybody = (
  { rounds, participants }: AccuracyByRound,
  what: string,
  numberOf: typeof ownTest,
): Column[] =>
  participants.map((name) => ({
    name: `${name}, ${what}`,
    values: rounds.map((round) => numberOf(round, name)),
  }));

function figure(
  options: LineChartOptions,
  columns: readonly Column[] | undefined,
  { rounds }: AccuracyByRound,
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
    format: percent,
    all,
  };
}
