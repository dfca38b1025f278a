/**
 * A method is what a paper adds to federated averaging, both halves in one file. Its owner's half
 * computes an *attachment*, a state dict that travels with every update, and may keep a state of
 * its own from round to round. Its coordinator's half says how an attachment is checked and, where
 * the next round needs it, merges everybody's into a *common* state, which is sent with the next
 * model. Wire, journal, stores and kept updates know attachments by the method's name, and nothing
 * else of it.
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
  /** What errors call the attachment, such as "Fisher information". */
  readonly title: string;
  /**
   * What leaves an owner with every update, in words: "the mean squared gradients of 1000
   * examples". Where this is left out, nothing does: there is no attachment.
   */
  readonly leaves?: string;
  /** What a sound attachment's values are: others are refused. */
  readonly bound: Bound;
  /** The tensors of the attachment, and of the common state; those of the state by default. */
  layout?(state: StateLayout): StateLayout;
  /**
   * The rounds whose updates carry it, besides those in which a strategy merges that names it as an
   * auxiliary.
   */
  carries?(round: number): boolean;
  /**
   * What stays with each participant from round to round, in words; nothing does where this is left
   * out.
   */
  readonly keeps?: string;
  /**
   * The graph of a sum over the owner's examples. `compute` asks for its mean by `tasks.mean`, under
   * the name of the method. It is compiled from the network, or sent by a coordinator that alone has
   * the network.
   */
  plan?(learner: Pick<PlanOptions, 'network' | 'inputs' | 'task' | 'freeze'>): SumPlan;
  /** How a round's training is changed by what is known before it. */
  prepare?(start: MethodStart): Partial<LocalWork>;
  /**
   * At the owner, after its training.
   * @throws DivergedError when a value is none that the bound allows
   */
  compute(trained: MethodRound): Promise<Computed>;
  /**
   * At the coordinator, when a round is closed: the common state after it. There is none where this
   * is left out.
   */
  merge?(merging: MethodMerge): Promise<StateDict>;
}

/** Values are finite; beyond that: */
export interface Bound {
  readonly least?: 0;
  /**
   * The largest root mean square, in units of 1; any by default. What one owner adds is no larger,
   * so that nobody drowns the others.
   */
  readonly farthest?: number;
}

/** What an owner knows before it trains. */
export interface MethodStart {
  readonly round: number;
  readonly participant: string;
  /** Of what is shared of the network's state. */
  readonly layout: StateLayout;
  /** What the round begins with. */
  readonly base: Float32Array;
  /**
   * What the coordinator merged of the attachments so far, and what was kept here; nothing at
   * first.
   */
  readonly common: StateDict | undefined;
  readonly own: StateDict | undefined;
}

/** … and after it. */
export interface MethodRound extends MethodStart {
  readonly work: LocalWork;
  readonly state: Float32Array;
  /** Tensors that stay with the owner, where some do (`own-tensors.ts`). */
  readonly kept: StateDict | undefined;
  /** How many it took. */
  readonly steps: number;
  /** The owner's training examples, by their places in the workers' training set. */
  readonly train: Uint32Array;
  /** On states of that layout. */
  readonly tasks: TaskRunner;
  readonly signal: AbortSignal | undefined;
}

export interface Computed {
  /** Travels with the update, where something leaves the owner. */
  readonly attachment?: StateDict;
  /** Stays here, once the update counts. */
  readonly own?: StateDict;
}

export interface MethodMerge {
  readonly layout: StateLayout;
  readonly common: StateDict | undefined;
  /**
   * One after the other, in the order of the participants, so that memory does not depend on how
   * many there are.
   */
  readonly contributions: AsyncIterable<ParticipantAttachment>;
}

export interface ParticipantAttachment {
  readonly participant: string;
  /**
   * Its part of the examples of everybody who has joined, those who took no part in the round too.
   */
  readonly share: number;
  readonly attachment: StateDict;
}
