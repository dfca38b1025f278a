/**
 * The rows of the table of participants: their cells, how they are sorted, and how they are
 * filtered.
 */
import type { MetricFacts } from '../../metrics/metric.js';
import type { Status } from '../../protocol/status.js';
import type { Overview, RoundView } from '../../protocol/view.js';
import { figuresBy } from '../../report/run-figures.js';
import { type ParticipantState, type ParticipantStatus, standingOf, standings } from './standing.js';

export interface Row {
  readonly participant: ParticipantStatus;
  readonly part: string;
  /** Whether nothing is left for it to do, since the run is over. */
  readonly isDone: boolean;
  readonly own: number | undefined;
  readonly copy: number | undefined;
  readonly attacks: boolean;
  readonly metric: MetricFacts;
}

export interface Sort {
  /** The index in `participantColumns`. */
  readonly column: number;
  readonly down: boolean;
}

export const participantColumns: readonly {
  readonly name: string;
  /** The value by which rows are sorted. */
  readonly key: (row: Row) => string | number;
}[] = [
  { name: 'participant', key: ({ participant }) => participant.name },
  { name: 'now', key: ({ participant }) => standings.indexOf(standingOf(participant)) },
  { name: 'this round', key: ({ part }) => part },
  { name: 'examples', key: ({ participant }) => participant.examples ?? -1 },
  { name: 'own model', key: ({ own, metric }) => own ?? worstNumber(metric) },
  { name: 'copied model', key: ({ copy, metric }) => copy ?? worstNumber(metric) },
];

/** Unknown figures are sorted with the worst. */
const worstNumber = ({ better }: MetricFacts) => (better === 'higher' ? -Number.MAX_VALUE : Number.MAX_VALUE);

export function rowsOf(
  { attackers = [], metrics: [metric] }: Overview,
  status: Status,
  rounds: readonly RoundView[],
): Row[] {
  const { ownValidation, copyValidation } = figuresBy(metric);
  const waited = new Set(status.waitingFor);
  const isIn = new Set(status.received);
  const trained = rounds.at(-1)?.result;
  const evaluated = rounds.findLast(({ result }) => result.copied.length > 0)?.result;
  const before = rounds.at(-2)?.result;
  const own = new Map(before?.participants.map(({ name }) => [name, before && ownValidation(before, name)]));
  for (const { name } of trained?.participants ?? []) own.set(name, trained && ownValidation(trained, name));
  const copies = new Map(evaluated?.copied.map(({ name }) => [name, copyValidation(evaluated, name)]));
  const partOf = (name: string) => {
    if (status.phase === 'finished') return waited.has(name) ? 'fetches the model' : 'done';
    return waited.has(name) ? 'awaited' : isIn.has(name) ? 'in' : '–';
  };
  return status.participants.map((participant) => {
    const { name } = participant;
    return {
      participant,
      part: partOf(name),
      isDone: status.phase === 'finished' && !waited.has(name),
      own: own.get(name),
      copy: copies.get(name),
      attacks: attackers.includes(name),
      metric,
    };
  });
}

export function sorted(rows: readonly Row[], sort: Sort | undefined): readonly Row[] {
  const key = participantColumns[sort?.column ?? -1]?.key;
  if (key === undefined) return rows;
  const order = (a: Row, b: Row) => {
    const [x, y] = [key(a), key(b)];
    return typeof x === 'number' && typeof y === 'number'
      ? x - y
      : String(x).localeCompare(String(y), 'en', { numeric: true });
  };
  return rows.toSorted(sort?.down ? (a, b) => order(b, a) : order);
}

/** The rows with this standing whose name contains the text. */
export function matching(
  rows: readonly Row[],
  standing: ParticipantState | 'all',
  name: string,
): readonly Row[] {
  const part = name.trim().toLowerCase();
  return rows.filter(
    ({ participant }) =>
      (standing === 'all' || standingOf(participant) === standing) &&
      participant.name.toLowerCase().includes(part),
  );
}

/** `3 training, 1 gone`; who went at the end of the run is done. */
export function summaryOf(rows: readonly Row[]): string {
  const counts = new Map<string, number>();
  for (const standing of standings) {
    for (const { participant, isDone } of rows) {
      if (standing === 'unknown' || standingOf(participant) !== standing) continue;
      const said = standing === 'gone' && isDone ? 'done' : standing;
      counts.set(said, (counts.get(said) ?? 0) + 1);
    }
  }
  return [...counts].map(([said, count]) => `${count} ${said}`).join(', ');
}

/** The number of participants with each standing. */
export function countStandings(rows: readonly Row[]): ReadonlyMap<ParticipantState, number> {
  const counts = new Map<ParticipantState, number>();
  for (const { participant } of rows) {
    const standing = standingOf(participant);
    counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  return counts;
}
