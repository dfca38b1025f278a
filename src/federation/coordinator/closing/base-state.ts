/**
 * Reads the states that the rounds of a run left in its store: what training begins with, and what
 * is copied.
 */
import { arrangeState, type StateDict } from '../../../tensor/state-dict.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { copiedModel, type RoundRecord } from '../../rounds/round.js';
import type { RunStore } from '../../rounds/run-store.js';

export interface RecordedRounds {
  readonly plan: Pick<FederationPlan, 'rules' | 'initialState' | 'layout'>;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

/** The state that a participant's training begins with. */
export async function baseState(round: number, participant: string, of: RecordedRounds): Promise<StateDict> {
  return round === 1 ? of.plan.initialState(participant) : copiedState(round - 1, of);
}

/** The model that a round passes to the next. */
export async function copiedState(
  round: number,
  { plan, store, rounds }: RecordedRounds,
): Promise<StateDict> {
  const { type, sha256 } = copiedOf(round, plan, rounds);
  // A file may have its tensors in another order.
  return arrangeState(
    await store.get({ type, round }, sha256),
    plan.layout,
    `the ${type} model of round ${round}`,
  );
}

/** The name of the copied model, and its SHA-256. */
export function copiedOf(
  round: number,
  { rules }: Pick<FederationPlan, 'rules'>,
  rounds: readonly RoundRecord[],
) {
  const copied = copiedModel(rules, recordOf(rounds, round));
  if (copied === undefined) throw new Error(`internal: round ${round} has no model to be copied yet`);
  return copied;
}

export function recordOf(rounds: readonly RoundRecord[], round: number): RoundRecord {
  const record = rounds[round - 1];
  if (record === undefined) throw new Error(`internal: there is no round ${round} yet`);
  return record;
}
