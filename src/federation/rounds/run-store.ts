/**
 * The interface to a run's storage: facts, in the order in which they happened, and state dicts.
 */
import type { RoundDetails } from '../../protocol/round-details.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { RoundEvent } from './round-events.js';

/** The role of a state dict in the run. */
export type StateRole =
  | { readonly type: 'update'; readonly round: number; readonly participant: string }
  /** An attachment of an update, by the name of its method. */
  | {
      readonly type: 'attachment';
      readonly name: string;
      readonly round: number;
      readonly participant: string;
    }
  | { readonly type: 'merged'; readonly round: number }
  /** The server optimizer's slots after a round. */
  | { readonly type: 'server'; readonly round: number }
  /** The average of the rounds' models up to a round. */
  | { readonly type: 'average'; readonly round: number }
  /** A participant's answer to the survey, and the constants that are made from all answers. */
  | { readonly type: 'survey'; readonly round: number; readonly participant: string }
  | { readonly type: 'constants'; readonly round: number }
  /** A participant's sums of features. */
  | { readonly type: 'features'; readonly round: number; readonly participant: string }
  /** The last layer solved for, before it is mixed with the trained one. */
  | { readonly type: 'solution'; readonly round: number }
  /** The model with its last layer refitted. */
  | { readonly type: 'refitted'; readonly round: number }
  /** State and slots of the pooled training, which continues from round to round. */
  | { readonly type: 'pooled'; readonly round: number }
  /**
   * The state that a method merged from the attachments, and the state that each participant keeps,
   * after a round.
   */
  | { readonly type: 'common'; readonly name: string; readonly round: number }
  | { readonly type: 'own'; readonly name: string; readonly round: number; readonly participant: string };

export interface RunStore {
  /** Facts of an earlier start of this run. */
  readonly events: readonly RoundEvent[];
  /** Resolves when the fact is synced to the disk. */
  append(event: RoundEvent): Promise<void>;
  /**
   * Keeps a state dict, encoded by the run's codec. @returns the SHA-256 of its file. The values
   * may be rounded when they are read.
   * @param base the model that an update began with
   */
  put(role: StateRole, state: StateDict, base?: StateDict): Promise<string>;
  /** @throws FederationError when it is not there or is not the one with this SHA-256. */
  get(role: StateRole, sha256: string, base?: StateDict): Promise<StateDict>;
  /** Keeps the measurements of a round's merge, for reports. */
  keepDetails(details: RoundDetails): Promise<void>;
  /** Removes a state dict that is no longer needed. */
  discard(role: StateRole): Promise<void>;
}

/** Whether the state dict is a whole model. */
export const isModel = ({ type }: StateRole) =>
  type === 'merged' || type === 'average' || type === 'refitted';
