/**
 * Writes the rounds of a run as a table like the paper's Table 1: every participant's own model,
 * each strategy's merged model, and the copied model. It takes the first of its forms that fits the
 * width.
 */
import type { RoundResult } from '../../federation/record/run-result.js';
import { labelOf, type MetricFacts, tableUnit, writtenBare } from '../../metrics/metric.js';
import { duration } from '../numbers.js';
import { type FigureOf, figuresBy } from '../run-figures.js';
import { textTable, widthOf, wrapped } from '../text-table.js';
import type { PaperRow } from './paper-table.js';

export interface RoundsTableOptions {
  /** The task's main metric, which the cells show. */
  readonly metric: MetricFacts;
  readonly participants: readonly string[];
  /** The copied strategy first. */
  readonly strategies: readonly string[];
  /** The width in characters; 100 by default. */
  readonly width?: number;
  /** Rows of the paper, shown below those of the same round. */
  readonly paper?: readonly PaperRow[];
}

interface TextColumn {
  readonly head: string;
  cell(round: RoundResult): string;
  /** The paper's value for this cell. */
  paper?(row: PaperRow): string | undefined;
}

interface Form {
  readonly columns: readonly TextColumn[];
  readonly legend: string;
}

export function roundsTable(rounds: readonly RoundResult[], options: RoundsTableOptions): string {
  return linesOf(rounds, formFor(rounds, options), options).join('\n');
}

/** Explains the columns of the table. */
export function roundsLegend(rounds: readonly RoundResult[], options: RoundsTableOptions): string {
  const [copied = ''] = options.strategies;
  const names = options.strategies.join(', ');
  const unit = tableUnit(options.metric);
  const drawn = rounds.some(
    ({ merged, participants }) =>
      Object.keys(merged).length > 0 && participants.length < options.participants.length,
  );
  return wrapped(
    `${formFor(rounds, options).legend} of the merged model (${copied}) with each participant; ${names}: test ${labelOf(options.metric)} of the merged model${unit === undefined ? '' : `; all in ${unit}`}${drawn ? '; only those who are drawn for a round train in it' : ''}`,
    options.width ?? 100,
  );
}

function formFor(rounds: readonly RoundResult[], options: RoundsTableOptions): Form {
  const { width = 100 } = options;
  const forms = formsOf(options);
  const fits = (form: Form) => widthOf(linesOf(rounds, form, options)) <= width;
  return forms.find(fits) ?? (forms.at(-1) as Form);
}

/** The forms of the table, from the widest to the narrowest. */
function formsOf({ participants, strategies, metric }: RoundsTableOptions): Form[] {
  const label = labelOf(metric);
  const { mergedTest } = figuresBy(metric);
  const round: TextColumn = { head: 'round', cell: ({ round }) => String(round), paper: () => 'paper' };
  const time: TextColumn = { head: 'time', cell: ({ seconds }) => duration(seconds) };
  const merged = strategies.map(
    (name): TextColumn => ({
      head: name,
      cell: (round) => cellOf(metric, mergedTest(round, name)),
      paper: (row) => row.merged[name],
    }),
  );
  const each = [round, ...ownColumns(participants, metric), ...merged, ...copyColumns(participants, metric)];
  const eachLegend = `each participant: validation ${label} of its own model (test ${label}); copy: validation ${label}`;
  const forms = [
    { columns: [...each, time], legend: eachLegend },
    { columns: each, legend: eachLegend },
  ];
  if (participants.length <= 2) return forms;
  const [validation, test, copies] = foldedBy(metric);
  const legend = `own: ${label} of the participants’ own models, least / mean / largest; copies: validation ${label}`;
  return [
    ...forms,
    { columns: [round, validation, test, ...merged, copies, time], legend },
    { columns: [round, validation, test, ...merged, copies], legend },
    { columns: [round, validation, ...merged, copies], legend },
  ];
}

function linesOf(
  rounds: readonly RoundResult[],
  { columns }: Form,
  { paper = [] }: RoundsTableOptions,
): string[] {
  const rows = rounds.filter(isKnown).flatMap((round) => {
    const row = columns.map((column) => column.cell(round));
    const theirs = paper[round.round - 1];
    return theirs === undefined ? [row] : [row, columns.map((column) => column.paper?.(theirs) ?? '')];
  });
  return textTable([columns.map(({ head }) => head), ...rows]);
}

/** Rounds that are not evaluated have no row. */
const isKnown = ({ merged, participants }: RoundResult) =>
  Object.keys(merged).length > 0 || participants.some(({ validation }) => validation !== undefined);

/** The paper has two environments, so its values are shown only beside two of ours. */
function ownColumns(names: readonly string[], metric: MetricFacts): TextColumn[] {
  const { ownValidation, ownTest } = figuresBy(metric);
  return names.map((name, index) => ({
    head: name,
    cell(round) {
      const test = ownTest(round, name);
      const tested = test === undefined ? '' : ` (${cellOf(metric, test)})`;
      return `${cellOf(metric, ownValidation(round, name))}${tested}`;
    },
    paper: ({ own }) => (names.length === own.length ? own[index] : undefined),
  }));
}

function copyColumns(names: readonly string[], metric: MetricFacts): TextColumn[] {
  const { copyValidation } = figuresBy(metric);
  return names.map((name, index) => ({
    head: `copy ${index + 1}`,
    cell: (round) => cellOf(metric, copyValidation(round, name)),
  }));
}

function foldedBy(metric: MetricFacts): readonly [TextColumn, TextColumn, TextColumn] {
  const { ownValidation, ownTest, copyValidation } = figuresBy(metric);
  const column = (head: string, figureOf: FigureOf, of: 'participants' | 'copied'): TextColumn => ({
    head,
    cell: (round) =>
      spread(
        metric,
        round[of].map(({ name }) => figureOf(round, name)),
      ),
  });
  return [
    column('own validation', ownValidation, 'participants'),
    column('own test', ownTest, 'participants'),
    column('copies', copyValidation, 'copied'),
  ];
}

/** "88.1 / 90.2 / 91.5" */
function spread(metric: MetricFacts, values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '–';
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return [Math.min(...known), mean, Math.max(...known)]
    .map((value) => writtenBare(metric, value, 1))
    .join(' / ');
}

const cellOf = (metric: MetricFacts, value: number | undefined) =>
  value === undefined ? '–' : writtenBare(metric, value);
