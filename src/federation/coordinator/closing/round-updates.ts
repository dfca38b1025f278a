/**
 * The port by which closing a round reads its updates. It has two implementations: files, read
 * piece by piece (`updates-in-files.ts`), and a store (`updates-in-memory.ts`). Both give the same
 * bytes.
 */
import type { Strategy } from '../../../merge/strategy.js';
import type { StateDict } from '../../../tensor/state-dict.js';

export interface RoundUpdates {
  /** Merges all updates by a strategy. */
  merge(strategy: Strategy): Promise<MergedState>;
  /** The state that all updates began with; undefined if each participant began with its own. */
  base(): Promise<StateDict | undefined>;
  /** A participant's state after its training. */
  load(participant: string): Promise<StateDict>;
  /**
   * The values of these participants' updates, piece by piece, with the states they began with.
   * Undefined if those states are too large to hold in memory.
   */
  readonly columns: ((participants: readonly string[]) => AsyncIterable<UpdateColumns>) | undefined;
  /** Ends their use, and removes temporary files. */
  close(): Promise<void>;
}

/** One piece of each update: [participants], all of the same length. */
export interface UpdateColumns {
  readonly states: readonly Float32Array[];
  readonly bases: readonly Float32Array[];
}

/** The result of a strategy. */
export interface MergedState {
  load(): Promise<StateDict>;
  /** Stores it as the round's model. @returns the SHA-256 of its file */
  keep(): Promise<string>;
  /** Removes it: it was made only for comparison. */
  discard(): Promise<void>;
}
