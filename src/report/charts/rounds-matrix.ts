/**
 * Writes the rounds of a run as rows of text, for a page or for Markdown. Each participant has a
 * column; many participants share one.
 */
import type { RecordedRun } from '../../federation/record/read-run.js';
import type { RoundResult } from '../../federation/record/run-result.js';
import { type MetricFacts, written } from '../../metrics/metric.js';
import { evaluatedStrategies, type FigureOf, figuresBy, hasTestExamples } from '../run-figures.js';

export interface RoundsMatrix {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The number of rounds that are not among the rows. */
  readonly omitted: number;
}

interface MatrixColumn {
  readonly head: string;
  cell(round: RoundResult): string;
}

/** The most participants that have their own columns. */
const MOST_COLUMNS = 4;
const MOST_ROWS = 24;

export function roundsMatrix(run: RecordedRun): RoundsMatrix {
  const { rounds, participants, metrics } = run.result;
  const [metric] = metrics;
  const { ownValidation, ownTest, mergedTest, copyValidation } = figuresBy(metric);
  const cellOf = (value: number | undefined) => (value === undefined ? '–' : written(metric, value));
  const byParticipant = (what: string, figureOf: FigureOf) =>
    participantColumns(metric, participants, what, figureOf);
  const shown = spaced(rounds, MOST_ROWS);
  const test = hasTestExamples(run);
  const pooled = (round: number) => run.rounds[round - 1]?.pooled?.test?.[metric.name];
  const columns: MatrixColumn[] = [
    ...byParticipant('own, validation', ownValidation),
    ...(test ? byParticipant('own, test', ownTest) : []),
    ...(test
      ? evaluatedStrategies(run).map((name) => ({
          head: `${name}, test`,
          cell: (round: RoundResult) => cellOf(mergedTest(round, name)),
        }))
      : []),
    ...(run.configuration.pooled
      ? [{ head: 'pooled, test', cell: ({ round }: RoundResult) => cellOf(pooled(round)) }]
      : []),
    ...byParticipant('copy, validation', copyValidation),
  ];
  return {
    head: ['round', ...columns.map(({ head }) => head)],
    rows: shown.map((round) => [String(round.round), ...columns.map(({ cell }) => cell(round))]),
    omitted: rounds.length - shown.length,
  };
}

function participantColumns(
  metric: MetricFacts,
  names: readonly string[],
  what: string,
  figureOf: FigureOf,
): MatrixColumn[] {
  if (names.length <= MOST_COLUMNS) {
    return names.map((name) => ({
      head: `${name}: ${what}`,
      cell: (round) => {
        const value = figureOf(round, name);
        return value === undefined ? '–' : written(metric, value);
      },
    }));
  }
  return [
    {
      head: `${what} (least to largest)`,
      cell: (round) => {
        const known = names.flatMap((name) => figureOf(round, name) ?? []);
        if (known.length === 0) return '–';
        return `${written(metric, Math.min(...known))} to ${written(metric, Math.max(...known))}`;
      },
    },
  ];
}

/** The first item, the last one, and others evenly between them. */
function spaced<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => items[Math.round(i * step)] as Item);
}
