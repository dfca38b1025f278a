/** Where a run keeps what must outlive it: facts, in the order in which they happened, and state dicts. */
import type { StateDict } from '../tensor/state-dict.js';
import type { RoundEvent } from './round.js';
import type { RoundDetails } from './round-details.js';

/** What a state dict is in the run. */
export type StateRole =
  | { readonly type: 'update'; readonly round: number; readonly participant: string }
  | { readonly type: 'merged'; readonly round: number }
  /** State and slots of the pooled training, for it goes on from round to round. */
  | { readonly type: 'pooled'; readonly round: number };

export interface RunStore {
  /** Facts of an earlier start of this run. */
  readonly events: readonly RoundEvent[];
  /** Resolves when the fact is safe. */
  append(event: RoundEvent): Promise<void>;
  /** Keeps a state dict and gives the SHA-256 of its safetensors file. */
  put(role: StateRole, state: StateDict): Promise<string>;
  /** @throws FederationError when it is not there or is not the one with this SHA-256. */
  get(role: StateRole, sha256: string): Promise<StateDict>;
  /** Keeps what was measured when a round was merged, for whoever looks at the run later. */
  keepDetails(details: RoundDetails): Promise<void>;
  /** What is not needed any more. */
  discard(role: StateRole): Promise<void>;
}
