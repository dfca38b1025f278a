/**
 * The parts of a federation that a configuration determines, for a coordinator and for a
 * participant.
 */
import type { Share } from '../../data/partition/partition.js';
import type { Update } from '../../merge/memory/merge.js';
import type { MetricFacts } from '../../metrics/metric.js';
import type { SumsPermission } from '../../metrics/shared/shared-sums.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { Codecs } from '../../transforms/codec/codec.js';
import type { AfterMerge } from '../methods/after-merge.js';
import type { SurveyPlan } from '../methods/federated-survey.js';
import type { FrozenWeights } from '../methods/frozen-weights.js';
import type { MethodRules } from '../methods/methods.js';
import type { OwnTensors } from '../methods/own-tensors.js';
import type { RefitPlan } from '../methods/refit.js';
import type { SiteStatistics } from '../methods/site-statistics.js';
import type { RoundRules } from '../rounds/round.js';
import type { Attackers } from './attackers.js';
import type { TransformsOf } from './transforms.js';
import type { WorkPlan } from './work-plan.js';

/** Compared strategies are evaluated beside the copied one, on the same updates. */
export interface ParticipantPlan extends Pick<WorkPlan, 'work'>, MethodRules {
  /** Of what travels and is merged. */
  readonly layout: StateLayout;
  /** What an update passes before it leaves its owner, and by which codecs weights travel. */
  readonly transforms: TransformsOf;
  readonly codec: Codecs;
  /** Tensors that stay with their owner, where some do. */
  readonly own?: OwnTensors | undefined;
  /** Set if each participant prepares its numbers by statistics of its own rows. */
  readonly statistics?: SiteStatistics | undefined;
}

/** Whether each participant has a model of its own: with own tensors, or own statistics. */
export const isPersonal = ({ own, statistics }: Pick<ParticipantPlan, 'own' | 'statistics'>): boolean =>
  own !== undefined || statistics !== undefined;

export interface FederationPlan extends ParticipantPlan, WorkPlan, AfterMerge {
  /** The largest norm of the change in an update; a larger one is refused. */
  readonly clipUpdate?: number | undefined;
  readonly rules: RoundRules;
  readonly shares: readonly Share[];
  /** The number of test examples. */
  readonly testExamples: number;
  /** Of what is shared. */
  initialState(participant: string): StateDict;
  /** Whether each participant begins with its own weights instead of common ones. */
  readonly startsApart?: boolean | undefined;
  /** How the intervals of figures on test examples are drawn, if they are wanted. */
  readonly bootstrap?: { readonly resamples: number; readonly seed: number } | undefined;
  readonly mergeOn: 'weights' | 'updates';
  /**
   * Aligns updates before they are merged: for strategies on updates to the state they started
   * from, otherwise to the first update.
   */
  align?(updates: readonly Update[], base: StateDict | undefined): readonly Update[];
  readonly refit?: RefitPlan | undefined;
  readonly survey?: SurveyPlan | undefined;
  readonly frozen?: FrozenWeights | undefined;
  /** Set if participants on this machine share the sums of their metrics. */
  readonly shareSums?: SumsPermission | undefined;
  /** How many rounds' merged models are kept in the store. */
  readonly keep: number;
  /** The metric by which the best round's model is kept as well; undefined if it is not needed. */
  readonly bestBy?: MetricFacts | undefined;
  readonly attackers?: Attackers | undefined;
}
