/**
 * Lists the participants and what each is doing. The list is sorted and filtered, since there may
 * be hundreds.
 */
import { Component } from 'preact';
import { useState } from 'preact/hooks';
import type { Status } from '../../protocol/status.js';
import type { Overview, RoundView } from '../../protocol/view.js';
import { count, percent } from '../../report/numbers.js';
import { copyValidation, ownValidation } from '../../report/run-figures.js';
import { Scroll } from '../common/scroll.js';
import {
  isMissing,
  type Participant,
  type Standing,
  standingOf,
  standings,
  standingText,
  trainedPart,
} from './standing.js';
import { timeOf } from './times.js';

export interface ParticipantsProps {
  readonly overview: Overview;
  readonly status: Status;
  readonly rounds: readonly RoundView[];
}

interface Row {
  readonly participant: Participant;
  readonly part: string;
  readonly own: number | undefined;
  readonly copy: number | undefined;
  readonly attacks: boolean;
}

/** Fewer than these are seen at a glance. */
const FEW = 12;

const columns: readonly {
  readonly name: string;
  /** By what rows are sorted. */
  readonly key: (row: Row) => string | number;
}[] = [
  { name: 'participant', key: ({ participant }) => participant.name },
  { name: 'now', key: ({ participant }) => standings.indexOf(standingOf(participant)) },
  { name: 'this round', key: ({ part }) => part },
  { name: 'examples', key: ({ participant }) => participant.examples ?? -1 },
  { name: 'own model', key: ({ own }) => own ?? -1 },
  { name: 'copied model', key: ({ copy }) => copy ?? -1 },
];

export function Participants({ overview, status, rounds }: ParticipantsProps) {
  const [sort, setSort] = useState<{ readonly column: number; readonly down: boolean }>();
  const [filter, setFilter] = useState<Standing | 'all'>('all');
  const [search, setSearch] = useState('');
  const all = rowsOf(overview, status, rounds);
  const counts = new Map<Standing, number>();
  for (const { participant } of all) {
    const standing = standingOf(participant);
    counts.set(standing, (counts.get(standing) ?? 0) + 1);
  }
  const shown = sorted(
    all.filter(
      ({ participant }) =>
        (filter === 'all' || standingOf(participant) === filter) &&
        participant.name.toLowerCase().includes(search.trim().toLowerCase()),
    ),
    sort,
  );
  const many = all.length > FEW;
  return (
    <section class="participants" aria-labelledby="participants">
      <h2 id="participants">Who takes part</h2>
      <p class="quiet">
        {standings
          .filter((standing) => standing !== 'unknown' && counts.has(standing))
          .map((standing) => `${counts.get(standing)} ${standing}`)
          .join(', ')}
      </p>
      {many && (
        <div class="controls">
          <label>
            Show{' '}
            <select
              value={filter}
              onChange={({ currentTarget }) => setFilter(currentTarget.value as Standing | 'all')}
            >
              <option value="all">all ({all.length})</option>
              {standings
                .filter((standing) => standing === filter || counts.has(standing))
                .map((standing) => (
                  <option key={standing} value={standing}>
                    {standing} ({counts.get(standing) ?? 0})
                  </option>
                ))}
            </select>
          </label>
          <label>
            named{' '}
            <input
              type="search"
              value={search}
              onInput={({ currentTarget }) => setSearch(currentTarget.value)}
            />
          </label>
        </div>
      )}
      <Scroll label="Participants" tall={many}>
        <table>
          <caption class="unseen">Participants</caption>
          <thead>
            <tr>
              {columns.map(({ name }, column) => (
                <th
                  key={name}
                  scope="col"
                  class={column === 1 ? 'text' : undefined}
                  aria-sort={sort?.column === column ? (sort.down ? 'descending' : 'ascending') : undefined}
                >
                  <button
                    type="button"
                    class="sort"
                    onClick={() => setSort({ column, down: sort?.column === column && !sort.down })}
                  >
                    {name}
                    <span aria-hidden="true">{sort?.column === column ? (sort.down ? ' ▼' : ' ▲') : ''}</span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <RowView key={row.participant.name} {...row} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="quiet">No participants match.</p>}
      </Scroll>
    </section>
  );
}

/** Drawn again only where something in it has changed. */
class RowView extends Component<Row> {
  override shouldComponentUpdate(next: Row) {
    const now = this.props;
    return (
      next.participant !== now.participant ||
      next.part !== now.part ||
      next.own !== now.own ||
      next.copy !== now.copy
    );
  }

  override render({ participant, part, own, copy, attacks }: Row) {
    const standing = standingOf(participant);
    const trained = trainedPart(participant);
    return (
      <tr>
        <th scope="row">
          {participant.name}
          {attacks && <span class="wrong"> attacks</span>}
        </th>
        <td class={isMissing(standing) ? 'text wrong' : 'text'}>
          {standingText(participant, timeOf)}
          {trained !== undefined && (
            <progress max={1} value={trained} aria-label={`Training of ${participant.name}`} />
          )}
        </td>
        <td>{part}</td>
        <td>{participant.examples === undefined ? '–' : count(participant.examples)}</td>
        <td>{own === undefined ? '–' : percent(own)}</td>
        <td>{copy === undefined ? '–' : percent(copy)}</td>
      </tr>
    );
  }
}

function rowsOf({ attackers = [] }: Overview, status: Status, rounds: readonly RoundView[]): Row[] {
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
      own: own.get(name),
      copy: copies.get(name),
      attacks: attackers.includes(name),
    };
  });
}

function sorted(
  rows: readonly Row[],
  sort: { readonly column: number; readonly down: boolean } | undefined,
): readonly Row[] {
  const key = columns[sort?.column ?? -1]?.key;
  if (key === undefined) return rows;
  const order = (a: Row, b: Row) => {
    const [x, y] = [key(a), key(b)];
    return typeof x === 'number' && typeof y === 'number'
      ? x - y
      : String(x).localeCompare(String(y), 'en', { numeric: true });
  };
  return rows.toSorted(sort?.down ? (a, b) => order(b, a) : order);
}
