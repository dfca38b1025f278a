/**
 * Whether a plan's strategies are applied to weights or updates, and whether one of them needs the
 * state that the updates began with.
 */
import type { MergeOptions } from '../../../merge/memory/merge.js';
import type { AppliedTo, Strategy } from '../../../merge/strategy.js';
import type { StateDict } from '../../../tensor/state-dict.js';
import type { FederationPlan } from '../../plan/plan-parts.js';

export type MergePlan = Pick<FederationPlan, 'strategy' | 'compared' | 'mergeOn'>;

export const needsBase = (plan: MergePlan): boolean =>
  [plan.strategy, ...plan.compared].some((strategy) => mergedOn(strategy, plan) === 'updates');

export const mergedOn = ({ on }: Strategy, { mergeOn }: MergePlan): AppliedTo => on ?? mergeOn;

/** @param base undefined if no strategy needs it */
export const mergeOptions = ({ mergeOn }: MergePlan, base: StateDict | undefined): MergeOptions =>
  base === undefined ? { on: 'weights' } : { on: mergeOn, base };
