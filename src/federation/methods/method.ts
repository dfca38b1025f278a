/**
 * A method is what a paper adds to federated averaging, both halves in one file. The participant's
 * half computes an *attachment*, a state dict that travels with every update, and may keep a state
 * of its own from round to round. The coordinator's half says how an attachment is checked. It may
 * also merge all attachments into a *common* state, which is sent with the next model. Wire,
 * journal, stores and kept updates know attachments only by the method's name.
 */
import type { PlanOptions } from '../../engine/nn/plan.js';
import type { SumPlan } from '../../engine/nn/sum-plan.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { LocalWork } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';

export interface Method {
  /**
   * Names its attachment on the wire, in the journal and in files: `ATTACHMENT_NAME` of
   * `protocol/attachments.ts`.
   */
  readonly name: string;
  /** The name of the attachment in errors, such as "Fisher information". */
  readonly title: string;
  /**
   * Describes the attachment, in words: "the mean squared gradients of 1000 examples". If it is
   * left out, the method has no attachment.
   */
  readonly leaves?: string;
  /** The bound of the attachment's values; others are refused. A method without one has none. */
  readonly bound?: Bound;
  /** The tensors of the attachment, and of the common state; those of the state by default. */
  layout?(state: StateLayout): StateLayout;
  /**
   * Whether a round's updates carry it. They also do if a strategy of the round names it as an
   * auxiliary.
   */
  carries?(round: number): boolean;
  /**
   * Describes the state that stays with each participant from round to round, in words. If it is
   * left out, there is none.
   */
  readonly keeps?: string;
  /**
   * The graph of a sum over the owner's examples. `compute` asks for its mean by `tasks.mean`,
   * under the name of the method. It is compiled from the network, or sent by a coordinator that
   * alone has the network.
   */
  plan?(learner: Pick<PlanOptions, 'network' | 'inputs' | 'task' | 'train' | 'freeze'>): SumPlan;
  /** The settings of a round's training that the method changes. */
  prepare?(start: MethodStart): Partial<LocalWork>;
  /** Called at the participant, after its training. */
  compute(trained: MethodRound): Promise<Computed>;
  /**
   * Called at the coordinator when a round is closed. @returns the next common state. If it is left
   * out, the method has no common state.
   */
  merge?(merging: MethodMerge): Promise<StateDict>;
}

/**
 * The least and the most that each value of a contribution may be. The participant checks it before
 * the contribution leaves, and the coordinator before the contribution counts. It limits what one
 * participant adds to the sum of all.
 *
 * A sum in whole numbers follows from it: with L levels, a value is a number of steps of
 * (most − least) / (L − 1), and the sum of n contributions fits in ⌈log₂(n·(L − 1) + 1)⌉ bits.
 */
export interface Bound {
  readonly least: number;
  readonly most: number;
}

/** What a participant knows before it trains. */
export interface MethodStart {
  readonly round: number;
  readonly participant: string;
  /** The layout of the shared part of the network's state. */
  readonly layout: StateLayout;
  /** The state that the round begins with. */
  readonly base: Float32Array;
  /**
   * The common state that the coordinator merged, and the own state that was kept here; undefined
   * at first.
   */
  readonly common: StateDict | undefined;
  readonly own: StateDict | undefined;
}

/** What a participant knows after it has trained. */
export interface MethodRound extends MethodStart {
  readonly work: LocalWork;
  readonly state: Float32Array;
  /** The tensors that stay with the participant, if any do (`own-tensors.ts`). */
  readonly kept: StateDict | undefined;
  /** The number of steps that it took. */
  readonly steps: number;
  /** The participant's training examples, by their places in the workers' training set. */
  readonly train: Uint32Array;
  /** Carries out tasks on states of that layout. */
  readonly tasks: TaskRunner;
  readonly signal: AbortSignal | undefined;
}

export interface Computed {
  /** Travels with the update, if the method has an attachment. */
  readonly attachment?: StateDict;
  /** Kept here, once the update counts. */
  readonly own?: StateDict;
}

export interface MethodMerge {
  readonly layout: StateLayout;
  readonly common: StateDict | undefined;
  /**
   * The attachments, one after the other in the order of the participants, so that memory does not
   * depend on their number.
   */
  readonly contributions: AsyncIterable<ParticipantAttachment>;
}

export interface ParticipantAttachment {
  readonly participant: string;
  /**
   * The participant's share of the examples of all participants that have joined, whether they
   * trained in the round or not.
   */
  readonly share: number;
  readonly attachment: StateDict;
}
