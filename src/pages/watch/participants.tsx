/**
 * Lists the participants and what each is doing. The list is sorted and filtered, since there may
 * be hundreds.
 */
import { Component } from 'preact';
import { useState } from 'preact/hooks';
import { written } from '../../metrics/metric.js';
import type { Status } from '../../protocol/status.js';
import type { Overview, RoundView } from '../../protocol/view.js';
import { count } from '../../report/numbers.js';
import { type Words, wordsOf } from '../../report/words.js';
import { Scroll } from '../common/scroll.js';
import {
  countStandings,
  matching,
  participantColumns,
  type Row,
  rowsOf,
  type Sort,
  sorted,
  summaryOf,
} from './participant-rows.js';
import {
  isTrouble,
  type ParticipantState,
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

/** Fewer participants than these need no filter. */
const FEW = 12;

export function Participants({ overview, status, rounds }: ParticipantsProps) {
  const [sort, setSort] = useState<Sort>();
  const [filter, setFilter] = useState<Filter>({ standing: 'all', name: '' });
  const all = rowsOf(overview, status, rounds);
  const counts = countStandings(all);
  const shown = sorted(matching(all, filter.standing, filter.name), sort);
  const many = all.length > FEW;
  const words = wordsOf(overview, overview.configuration);
  return (
    <section class="participants" aria-labelledby="participants">
      <h2 id="participants">Who takes part</h2>
      <p class="quiet">{summaryOf(all)}</p>
      {many && <FilterControls filter={filter} counts={counts} of={all.length} onFilter={setFilter} />}
      <Scroll label="Participants" tall={many}>
        <table>
          <caption class="unseen">Participants</caption>
          <Heads sort={sort} onSort={setSort} />
          <tbody>
            {shown.map((row) => (
              <RowView key={row.participant.name} {...row} words={words} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="quiet">No participants match.</p>}
      </Scroll>
    </section>
  );
}

interface Filter {
  readonly standing: ParticipantState | 'all';
  /** A part of the name. */
  readonly name: string;
}

interface FilterControlsProps {
  readonly filter: Filter;
  readonly counts: ReadonlyMap<ParticipantState, number>;
  /** The number of all participants. */
  readonly of: number;
  onFilter(filter: Filter): void;
}

function FilterControls({ filter, counts, of, onFilter }: FilterControlsProps) {
  return (
    <div class="controls">
      <label>
        Show{' '}
        <select
          value={filter.standing}
          onChange={({ currentTarget }) =>
            onFilter({ ...filter, standing: currentTarget.value as Filter['standing'] })
          }
        >
          <option value="all">all ({of})</option>
          {standings
            .filter((standing) => standing === filter.standing || counts.has(standing))
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
          value={filter.name}
          onInput={({ currentTarget }) => onFilter({ ...filter, name: currentTarget.value })}
        />
      </label>
    </div>
  );
}

/** The heads of the columns. Each sorts by its column, and in reverse when it is pressed again. */
function Heads({ sort, onSort }: { readonly sort: Sort | undefined; onSort(sort: Sort): void }) {
  return (
    <thead>
      <tr>
        {participantColumns.map(({ name }, column) => (
          <th
            key={name}
            scope="col"
            class={column === 1 ? 'text' : undefined}
            aria-sort={sort?.column === column ? (sort.down ? 'descending' : 'ascending') : undefined}
          >
            <button
              type="button"
              class="sort"
              onClick={() => onSort({ column, down: sort?.column === column && !sort.down })}
            >
              {name}
              <span aria-hidden="true">{sort?.column === column ? (sort.down ? ' ▼' : ' ▲') : ''}</span>
            </button>
          </th>
        ))}
      </tr>
    </thead>
  );
}

type RowProps = Row & { readonly words: Words };

/** Drawn again only if one of its values has changed. */
class RowView extends Component<RowProps> {
  override shouldComponentUpdate(next: Row) {
    const now = this.props;
    return (
      next.participant !== now.participant ||
      next.part !== now.part ||
      next.own !== now.own ||
      next.copy !== now.copy
    );
  }

  override render({ participant, part, isDone, own, copy, attacks, metric, words }: RowProps) {
    const standing = standingOf(participant);
    const trained = trainedPart(participant);
    return (
      <tr>
        <th scope="row">
          {participant.name}
          {attacks && <span class="wrong"> attacks</span>}
        </th>
        <td class={isTrouble(standing, isDone) ? 'text wrong' : 'text'}>
          {standingText(participant, timeOf, words)}
          {trained !== undefined && (
            <progress max={1} value={trained} aria-label={`Training of ${participant.name}`} />
          )}
        </td>
        <td>{part}</td>
        <td>{participant.examples === undefined ? '–' : count(participant.examples)}</td>
        <td>{own === undefined ? '–' : written(metric, own)}</td>
        <td>{copy === undefined ? '–' : written(metric, copy)}</td>
      </tr>
    );
  }
}
