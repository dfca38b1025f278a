/**
 * A coordinator's view of its run for observers; a hub sends it to them. It consists of states that
 * are read while somebody watches. A change is a new object, so a run that nobody watches has no
 * extra work. It never contains a participant's data.
 */

import type { SitesComparison } from '../data/survey/site-comparison.js';
import type { Status } from '../protocol/status.js';
import type { LabelCountsView, LogEntry, Overview, RoundView, Traffic } from '../protocol/view.js';

export interface RunView {
  readonly overview: Overview;
  status(): Status;
  /** The rounds with results, in order. */
  rounds(): readonly ObservedRound[];
  /** The same object until it changes. */
  labelCounts(): LabelCountsView;
  /**
   * Where the sites differ, once a survey of their data is over; the same object until it changes.
   */
  survey(): SitesComparison | undefined;
  /**
   * The kept entries from this number on. All of them if the number is beyond the last, because it
   * is from an earlier start.
   */
  log(from: number): readonly LogEntry[];
  /** The traffic of a recorded run. For a running one the hub counts it. */
  readonly traffic?: Traffic | undefined;
}

/** The same object until something in the round changes. */
export interface ObservedRound {
  readonly round: number;
  read(): RoundView;
}
