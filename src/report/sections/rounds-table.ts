/**
 * Writes the rounds of a run as a table like the paper's Table 1: every participant's own model,
 * each strategy's merged model, and the copied model. It takes the first of its forms that fits the
 * width.
 */
import type { RoundResult } from '../../federation/record/run-result.js';
import { duration } from '../numbers.js';
import { textTable, widthOf, wrapped } from '../text-table.js';
import type { PaperRow } from './paper-table.js';

export interface RoundsTableOptions {
  readonly participants: readonly string[];
  /** The copied strategy first. */
  readonly strategies: readonly string[];
  /** Characters; 100 by default. */
  readonly width?: number;
  /** Rows to show below those of the same round. */
  readonly paper?: readonly PaperRow[];
}

interface Column {
  readonly head: string;
  cell(round: RoundResult): string;
  /** What the paper has in this place. */
  paper?(row: PaperRow): string | undefined;
}

interface Form {
  readonly columns: readonly Column[];
  readonly legend: string;
}

export function roundsTable(rounds: readonly RoundResult[], options: RoundsTableOptions): string {
  return linesOf(rounds, formFor(rounds, options), options).join('\n');
}

/** What the columns of the table are. */
export function roundsLegend(rounds: readonly RoundResult[], options: RoundsTableOptions): string {
  const [copied = ''] = options.strategies;
  const names = options.strategies.join(', ');
  const drawn = rounds.some(
    ({ merged, participants }) =>
      Object.keys(merged).length > 0 && participants.length < options.participants.length,
  );
  return wrapped(
    `${formFor(rounds, options).legend} of the merged model (${copied}) with each participant; ${names}: test accuracy of the merged model; all in per cent${drawn ? '; only those who are drawn for a round train in it' : ''}`,
    options.width ?? 100,
  );
}

function formFor(rounds: readonly RoundResult[], options: RoundsTableOptions): Form {
  const { width = 100 } = options;
  const forms = formsOf(options);
  const fits = (form: Form) => widthOf(linesOf(rounds, form, options)) <= width;
  return forms.find(fits) ?? (forms.at(-1) as Form);
}

/** From the fullest to the narrowest. */
function formsOf({ participants, strategies }: RoundsTableOptions): Form[] {
  const round: Column = { head: 'round', cell: ({ round }) => String(round), paper: () => 'paper' };
  const time: Column = { head: 'time', cell: ({ seconds }) => duration(seconds) };
  const merged = strategies.map(
    (name): Column => ({
      head: name,
      cell: (round) => percentage(round.merged[name]?.testAccuracy),
      paper: (row) => row.merged[name],
    }),
  );
  const each = [round, ...ownColumns(participants), ...merged, ...copyColumns(participants)];
  const eachLegend =
    'each participant: validation accuracy of its own model (test accuracy); copy: validation accuracy';
  const forms = [
    { columns: [...each, time], legend: eachLegend },
    { columns: each, legend: eachLegend },
  ];
  if (participants.length <= 2) return forms;
  const [validation, test, copies] = folded;
  const legend =
    'own: accuracy of the participants’ own models, least / mean / largest; copies: validation accuracy';
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

/** Rounds that are not evaluated have no line. */
const isKnown = ({ merged, participants }: RoundResult) =>
  Object.keys(merged).length > 0 ||
  participants.some(({ validationAccuracy }) => validationAccuracy !== undefined);

/** The paper has two environments; beside more of ours there is nothing to compare one by one. */
function ownColumns(names: readonly string[]): Column[] {
  return names.map((name, index) => ({
    head: name,
    cell: ({ participants }) => {
      const one = participants.find((participant) => participant.name === name);
      const test = one?.testAccuracy === undefined ? '' : ` (${percentage(one.testAccuracy)})`;
      return `${percentage(one?.validationAccuracy)}${test}`;
    },
    paper: ({ own }) => (names.length === own.length ? own[index] : undefined),
  }));
}

function copyColumns(names: readonly string[]): Column[] {
  return names.map((name, index) => ({
    head: `copy ${index + 1}`,
    cell: ({ copied }) => percentage(copied.find((copy) => copy.name === name)?.validationAccuracy),
  }));
}

const folded: readonly [Column, Column, Column] = [
  {
    head: 'own validation',
    cell: ({ participants }) => spread(participants.map(({ validationAccuracy }) => validationAccuracy)),
  },
  {
    head: 'own test',
    cell: ({ participants }) => spread(participants.map(({ testAccuracy }) => testAccuracy)),
  },
  {
    head: 'copies',
    cell: ({ copied }) => spread(copied.map(({ validationAccuracy }) => validationAccuracy)),
  },
];

/** "88.1 / 90.2 / 91.5" */
function spread(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  if (known.length === 0) return '–';
  const mean = known.reduce((a, b) => a + b, 0) / known.length;
  return [Math.min(...known), mean, Math.max(...known)].map((value) => (100 * value).toFixed(1)).join(' / ');
}

const percentage = (accuracy: number | undefined) =>
  accuracy === undefined ? '–' : (100 * accuracy).toFixed(2);
