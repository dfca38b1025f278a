/**
 * The observers' view of a run, made from its state when an observer asks. Every change makes a new
 * state. So in a new view, only the changed parts are new objects.
 */
import type { SitesComparison } from '../../data/survey/site-comparison.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import type { Status } from '../../protocol/status.js';
import type { LabelCountsView, LogEntry, Overview, TestPicture, Traffic } from '../../protocol/view.js';
import type { ObservedRound, RunView } from '../../transport/run-view.js';
import { roundResult } from '../record/run-result.js';
import type { Members } from '../rounds/membership.js';
import type { RoundRecord, RunState } from '../rounds/round.js';
import type { ObservedPictures } from './observed-pictures.js';

export interface RunViewParts {
  readonly overview: Overview;
  state(): RunState;
  status(): Status;
  /** The measurements of a round's merge, if they are known. */
  detailsOf(record: RoundRecord): RoundDetails | undefined;
  /** Set if the coordinator has test pictures. */
  readonly pictures?: ObservedPictures | undefined;
  /** Where the sites differ, by the first round's record. */
  surveyOf(first: RoundRecord): SitesComparison | undefined;
  log(from: number): readonly LogEntry[];
  /** Set for a recorded run. */
  readonly recorded?: {
    readonly labelCounts?: LabelCountsView | undefined;
    readonly traffic?: Traffic | undefined;
  };
}

interface WatchedRound {
  readonly record: RoundRecord;
  readonly details: RoundDetails | undefined;
  readonly pictures: readonly TestPicture[] | undefined;
  readonly observed: ObservedRound;
}

export function runView(parts: RunViewParts): RunView {
  const { overview, state, status, detailsOf, log, recorded } = parts;
  const seen = new Map<number, WatchedRound>();
  let counted: { readonly members: Members; readonly counts: LabelCountsView } | undefined;

  function observe(record: RoundRecord, isNewest: boolean): ObservedRound {
    const details = detailsOf(record);
    const pictures = isNewest && details !== undefined ? parts.pictures?.of(details) : undefined;
    const before = seen.get(record.round);
    if (before?.record === record && before.details === details && before.pictures === pictures) {
      return before.observed;
    }
    const { rules } = state();
    const observed: ObservedRound = {
      round: record.round,
      read: () => ({
        result: roundResult(record, rules),
        ...(details && { details }),
        ...(pictures && { pictures: [...pictures] }),
      }),
    };
    seen.set(record.round, { record, details, pictures, observed });
    return observed;
  }

  return {
    overview,
    status,
    rounds() {
      const { rounds } = state();
      const newest = rounds.findLast(({ merged }) => merged !== undefined);
      return rounds
        .filter(({ updates }) => updates.size > 0)
        .map((record) => observe(record, record === newest));
    },
    labelCounts() {
      if (recorded?.labelCounts !== undefined) return recorded.labelCounts;
      const { members } = state();
      if (counted?.members !== members) counted = { members, counts: countsOf(members) };
      return counted.counts;
    },
    survey() {
      const [first] = state().rounds;
      return first && parts.surveyOf(first);
    },
    log,
    traffic: recorded?.traffic,
  };
}

/** The counts of participants that are there and opted in. */
const countsOf = (members: Members): LabelCountsView =>
  Object.fromEntries(
    [...members].flatMap(([name, { labelCounts }]) =>
      labelCounts === undefined ? [] : [[name, [...labelCounts]]],
    ),
  );
