/**
 * The updates of a round as its closing needs them. There are two ways to hold them: as files
 * (`updates-in-files.ts`), which are read piece by piece, and in a store (`updates-in-memory.ts`).
 * Both come to the same bytes.
 */
import type { Strategy } from '../../../merge/strategy.js';
import type { StateDict } from '../../../tensor/state-dict.js';

export interface RoundUpdates {
  /** Merges all of them by a strategy. */
  merge(strategy: Strategy): Promise<MergedState>;
  /**
   * What all of them began with; undefined where each participant began with weights of its own.
   */
  base(): Promise<StateDict | undefined>;
  /** A participant's state after its training. */
  load(participant: string): Promise<StateDict>;
  /**
   * The values of all of them, piece by piece, with what they began with. Undefined where what they
   * began with is more than is ever held in memory.
   */
  readonly columns: (() => AsyncIterable<UpdateColumns>) | undefined;
  /** Ends their use, and removes what was made for it. */
  close(): Promise<void>;
}

/** One piece of each update: [participants], all of one length. */
export interface UpdateColumns {
  readonly states: readonly Float32Array[];
  readonly bases: readonly Float32Array[];
}

/** What a strategy made of the updates. */
export interface MergedState {
  load(): Promise<StateDict>;
  /** Keeps it as the round's model. @returns the SHA-256 of its file */
  keep(): Promise<string>;
  /** It was made to be looked at, and is no longer needed. */
  discard(): Promise<void>;
}
