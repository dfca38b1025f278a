/**
 * The state of the dashboard: a pure function of the frames. Unchanged parts stay the same objects,
 * so that components that show them are not drawn again.
 */
import type { SitesComparison } from '../../data/survey/site-comparison.js';
import type { Status } from '../../protocol/status.js';
import type { LabelCountsView, LogEntry, Overview, RoundView, Traffic } from '../../protocol/view.js';
import type { NewsFrame } from '../../transport/hub/client/watch-hub.js';

export type ConnectionState =
  | { readonly at: 'connecting' }
  | { readonly at: 'live' }
  /** The connection is lost, and tried again. */
  | { readonly at: 'lost'; readonly reason: string; readonly heardAt: Date | undefined }
  /** The connection is lost for good. */
  | {
      readonly at: 'refused';
      readonly reason: string;
      readonly hint: string | undefined;
      /** Whether the token is a participant's, for which there is another page. */
      readonly takesPart: boolean;
    };

export interface WatchState {
  readonly connection: ConnectionState;
  readonly overview?: Overview;
  readonly status?: Status;
  readonly traffic?: Traffic | undefined;
  /** In order. */
  readonly rounds: readonly RoundView[];
  readonly labels: LabelCountsView;
  /** Where the sites differ, once a survey of their data is over. */
  readonly survey?: SitesComparison | undefined;
  /** The oldest entry first. */
  readonly log: readonly LogEntry[];
}

export type WatchEvent =
  | { readonly type: 'frame'; readonly frame: NewsFrame }
  | { readonly type: 'trouble'; readonly reason: string; readonly heardAt: Date | undefined }
  | {
      readonly type: 'refused';
      readonly reason: string;
      readonly hint: string | undefined;
      readonly takesPart: boolean;
    };

/** The most log entries that are kept. */
const MOST_ENTRIES = 1000;

export const initialWatchState: WatchState = {
  connection: { at: 'connecting' },
  rounds: [],
  labels: {},
  log: [],
};

export function watched(state: WatchState, event: WatchEvent): WatchState {
  switch (event.type) {
    case 'frame':
      return shown(state, event.frame);
    case 'trouble':
      return {
        ...state,
        connection: { at: 'lost', reason: event.reason, heardAt: event.heardAt },
      };
    case 'refused':
      return {
        ...state,
        connection: { at: 'refused', reason: event.reason, hint: event.hint, takesPart: event.takesPart },
      };
  }
}

/**
 * The round and log entry from which on there may be news. A round may change until the next has
 * begun, so the last one is asked for again.
 */
export const newFrom = ({ rounds, log }: WatchState) => ({
  round: rounds.at(-1)?.result.round ?? 1,
  log: (log.at(-1)?.sequence ?? -1) + 1,
});

function shown(state: WatchState, frame: NewsFrame): WatchState {
  switch (frame.type) {
    case 'overview':
      return same(state.overview, frame.overview)
        ? { ...state, connection: { at: 'live' } }
        : { ...initialWatchState, connection: { at: 'live' }, overview: frame.overview };
    case 'status':
      return {
        ...state,
        status: statusAfter(state.status, frame.status),
        traffic: frame.traffic,
        rounds: roundsThatStand(state, frame.status),
      };
    case 'rounds':
      return { ...state, rounds: roundsAfter(state.rounds, frame.rounds) };
    case 'labels':
      return { ...state, labels: same(state.labels, frame.counts) ? state.labels : frame.counts };
    case 'survey':
      return { ...state, survey: same(state.survey, frame.survey) ? state.survey : frame.survey };
    case 'log':
      return { ...state, log: logAfter(state.log, frame.entries) };
  }
}

/** The status, in which unchanged participants stay the same objects. */
function statusAfter(before: Status | undefined, status: Status): Status {
  if (before === undefined) return status;
  const known = new Map(before.participants.map((participant) => [participant.name, participant]));
  const kept = <Part>(part: Part, now: Part) => (same(part, now) ? part : now);
  return {
    ...status,
    waitingFor: kept(before.waitingFor, status.waitingFor),
    received: kept(before.received, status.received),
    copied: kept(before.copied, status.copied),
    participants: status.participants.map((now) => kept(known.get(now.name) ?? now, now)),
  };
}

/** The valid rounds: after an operator has gone back, the rounds after that are void. */
const roundsThatStand = ({ status: before, rounds }: WatchState, status: Status) =>
  before === undefined || before.rollbacks === status.rollbacks
    ? rounds
    : rounds.filter(({ result }) => result.round < status.round);

/** The rounds with the news. Only the newest merged round has pictures. */
function roundsAfter(before: readonly RoundView[], news: readonly RoundView[]): RoundView[] {
  const byNumber = new Map([...before, ...news].map((round) => [round.result.round, round]));
  const rounds = [...byNumber.values()].sort((a, b) => a.result.round - b.result.round);
  const newest = rounds.findLast(isMerged);
  return rounds.map((round) => {
    if (round === newest || round.pictures === undefined) return round;
    const { pictures: _, ...others } = round;
    return others;
  });
}

/**
 * Whether the round is merged: it then has accuracies of models or, without test data,
 * measurements or copies.
 */
export const isMerged = ({ result, details }: RoundView) =>
  details !== undefined || Object.keys(result.merged).length > 0 || result.copied.length > 0;

/** The log with new entries. A restarted coordinator may number its entries anew. */
function logAfter(before: readonly LogEntry[], entries: readonly LogEntry[]): readonly LogEntry[] {
  const [first] = entries;
  if (first === undefined) return before;
  return [...before.filter(({ sequence }) => sequence < first.sequence), ...entries].slice(-MOST_ENTRIES);
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
