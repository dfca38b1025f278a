/**
 * The table of a study, in Markdown, from what is kept of its runs: mean ± sample standard
 * deviation over the seeds. A run that diverged has no numbers, and the table says so.
 */
import { sampleOf } from '../../src/report/charts/statistics.js';
import type { KeptRound, KeptRun } from './kept-run.js';
import type { Measure } from './measures.js';
import { runsOf, type Study, type StudyTable } from './study.js';

type TableOf<Rows extends StudyTable['rows']> = Extract<StudyTable, { rows: Rows }>;

const NOT_RUN = 'not run yet';

export function studyTable(study: Study, kept: readonly KeptRun[]): string {
  if (kept.length === 0) return `_${NOT_RUN}_`;
  const { table } = study;
  const lines =
    table.rows === 'variations'
      ? byVariation(table, study, kept)
      : table.rows === 'rounds'
        ? byRound(table, kept)
        : grid(table, study, kept);
  return `${lines.join('\n')}\n\n${legend(study, kept)}`;
}

function byVariation({ measures }: TableOf<'variations'>, { variations }: Study, kept: readonly KeptRun[]) {
  return [
    ...head(['', ...measures.map(({ title }) => title), 'n']),
    ...variations.map(({ name }) => {
      const runs = kept.filter(({ variation }) => variation === name);
      if (runs.length === 0) return line([name, NOT_RUN, ...measures.map(() => '')]);
      return line([name, ...measures.map((measure) => cell(measure, runs, kept)), numberOf(runs)]);
    }),
  ];
}

function byRound({ measures }: TableOf<'rounds'>, kept: readonly KeptRun[]) {
  const rounds = new Set(kept.flatMap(({ rounds }) => rounds.map(({ round }) => round)));
  return [
    ...head(['round', ...measures.map(({ title }) => title)]),
    ...[...rounds]
      .sort((a, b) => a - b)
      .map((number) => {
        const find = ({ rounds }: KeptRun) => rounds.find(({ round }) => round === number);
        return line([String(number), ...measures.map((measure) => cell(measure, kept, kept, find))]);
      }),
  ];
}

function grid({ measure }: TableOf<'grid'>, { variations }: Study, kept: readonly KeptRun[]) {
  const places = variations.map(({ name }) => name.split(', '));
  const unique = (place: number) => [...new Set(places.map((names) => names[place] ?? ''))];
  const [rows, columns] = [unique(0), unique(1)];
  return [
    ...head(['', ...columns]),
    ...rows.map((row) =>
      line([
        row,
        ...columns.map((column) => {
          const runs = kept.filter(({ variation }) => variation === `${row}, ${column}`);
          if (runs.length === 0) return NOT_RUN;
          const some = runs.some(hasDiverged) && !runs.every(hasDiverged);
          return `${cell(measure, runs, kept)}${some ? ` (${numberOf(runs)})` : ''}`;
        }),
      ]),
    ),
  ];
}

const lastRound = ({ rounds }: KeptRun): KeptRound | undefined => rounds.at(-1);

function cell(
  measure: Measure,
  runs: readonly KeptRun[],
  study: readonly KeptRun[],
  find = lastRound,
): string {
  const values = runs.flatMap((run) => {
    const round = hasDiverged(run) ? undefined : find(run);
    return round === undefined ? [] : (measure.of(round, run, study) ?? []);
  });
  const sample = sampleOf(values);
  if (sample !== undefined) return measure.text(sample);
  return runs.every(hasDiverged) ? 'diverged' : '';
}

const hasDiverged = ({ stopped }: KeptRun) => stopped.reason === 'diverged';

/** "3", "3, 1 diverged" */
function numberOf(runs: readonly KeptRun[]): string {
  const diverged = runs.filter(hasDiverged).length;
  return diverged === 0 ? String(runs.length) : `${runs.length}, ${diverged} diverged`;
}

/** What the numbers are of, and with what they were made. */
function legend(study: Study, kept: readonly KeptRun[]): string {
  const seeds = [...new Set(kept.map(({ seed }) => seed))].sort((a, b) => a - b);
  const all = runsOf(study).length;
  const part = kept.length < all ? `, ${kept.length} of ${all} runs so far` : '';
  const made = [...new Set(kept.map(({ versions: { runtime, cpu } }) => `${runtime} on ${cpu}`))].sort();
  const spread = seeds.length > 1 ? 'Mean ± sample standard deviation over seeds' : 'Seed';
  return `${spread} ${seeds.join(', ')}${part}; ${made.join(', ')}.`;
}

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const head = (titles: readonly string[]) => [line(titles), `|${'---|'.repeat(titles.length)}`];
