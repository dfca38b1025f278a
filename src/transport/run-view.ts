/**
 * What a coordinator lets observers see of its run; a hub sends it to them. All of it is states
 * that are read while somebody watches. Changes are told by identity, so a run that nobody watches
 * pays nothing. No participant's data is ever in it.
 */

import type { Status } from '../protocol/status.js';
import type { LabelCountsView, LogEntry, Overview, RoundView, Traffic } from '../protocol/view.js';

export interface RunView {
  readonly overview: Overview;
  status(): Status;
  /** Those that have brought something, in their order. */
  rounds(): readonly ObservedRound[];
  /** The same object until it changes. */
  labelCounts(): LabelCountsView;
  /**
   * From this sequence on, as far as entries are kept; all of them where it is beyond the last,
   * from a run started before.
   */
  log(from: number): readonly LogEntry[];
  /** Of a recorded run; of one that goes on, the hub knows it. */
  readonly traffic?: Traffic | undefined;
}

/** The same object until something in the round changes. */
export interface ObservedRound {
  readonly round: number;
  read(): RoundView;
}
