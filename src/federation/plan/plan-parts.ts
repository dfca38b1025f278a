/** What a configuration makes of a federation, as a coordinator and as a participant need it. */
import type { Share } from '../../data/partition/partition.js';
import type { Update } from '../../merge/memory/merge.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { Codecs } from '../../transforms/codec/codec.js';
import type { AfterMerge } from '../methods/after-merge.js';
import type { MethodRules } from '../methods/methods.js';
import type { RefitPlan } from '../methods/refit.js';
import type { RoundRules } from '../rounds/round.js';
import type { Attackers } from './attackers.js';
import type { TransformsOf } from './transforms.js';
import type { WorkPlan } from './work-plan.js';

/** Compared strategies are evaluated beside the other, on the same updates. */
export interface ParticipantPlan extends Pick<WorkPlan, 'work'>, MethodRules {
  readonly layout: StateLayout;
  /** What an update passes before it leaves its owner, and by which codecs weights travel. */
  readonly transforms: TransformsOf;
  readonly codec: Codecs;
}

export interface FederationPlan extends ParticipantPlan, WorkPlan, AfterMerge {
  /** The largest norm of the change of an update: a larger one is refused. */
  readonly clipUpdate?: number | undefined;
  readonly rules: RoundRules;
  readonly shares: readonly Share[];
  /** The number of test examples. */
  readonly testExamples: number;
  initialState(participant: string): StateDict;
  /** Whether each participant begins with weights of its own, and not all with the same. */
  readonly startsApart?: boolean | undefined;
  readonly mergeOn: 'weights' | 'updates';
  /**
   * Where updates are aligned before they are merged: on updates to the state they started from,
   * else to the first of them.
   */
  align?(updates: readonly Update[], base: StateDict | undefined): readonly Update[];
  readonly refit?: RefitPlan | undefined;
  /** How many rounds' merged models stay in the store. */
  readonly keep: number;
  readonly attackers?: Attackers | undefined;
}
