/**
 * Measures the details of a round. What would take too long or too much space is left out: the
 * cosines of all pairs with many participants or large models, the norms too with very large ones.
 */
import { turnTaker } from '../../../base/turns.js';
import { bootstrapIntervals } from '../../../metrics/bootstrap.js';
import { type Drift, driftOf, productsOfDrift } from '../../../metrics/drift.js';
import type { RoundDetails } from '../../../protocol/round-details.js';
import { layoutSize } from '../../../tensor/state-dict.js';
import type { FederationPlan } from '../../plan/plan-parts.js';
import { roundDetails } from '../../record/round-details.js';
import type { RoundRecord } from '../../rounds/round.js';
import type { RoundUpdates } from './round-updates.js';
import type { TestedModels } from './test-models.js';

/** With more, computing the cosines would take some twenty seconds. */
const MOST_PRODUCTS = 2e10;
/** With more, the cosines of a round are a file of several megabytes. */
const MOST_PARTICIPANTS = 500;

interface Measuring {
  readonly plan: Pick<FederationPlan, 'layout' | 'bootstrap'>;
  readonly updates: Pick<RoundUpdates, 'columns'>;
}

/** @param sha256 the hash of the merged model */
export async function measuredDetails(
  { round, closed }: RoundRecord,
  sha256: string,
  { own, merged }: TestedModels,
  of: Measuring,
): Promise<RoundDetails> {
  const participants = closed.train?.counted ?? [];
  const drift = await measuredDrift(participants, of);
  const [copied] = Object.values(merged.metrics);
  const { bootstrap } = of.plan;
  const intervals = bootstrap && copied?.each && (await bootstrapIntervals(copied, bootstrap, turnTaker()));
  return roundDetails({
    ...{ round, sha256, participants, drift, own: own.metrics, merged: merged.metrics },
    ...(intervals && { intervals }),
  });
}

async function measuredDrift(
  participants: readonly string[],
  { plan, updates: { columns } }: Measuring,
): Promise<Drift | undefined> {
  if (columns === undefined) return undefined;
  const takeTurn = turnTaker();
  const { length } = participants;
  if (length <= MOST_PARTICIPANTS && productsOfDrift(length, layoutSize(plan.layout)) <= MOST_PRODUCTS) {
    return driftOf(columns(participants), takeTurn);
  }
  const norms: number[] = [];
  for (const participant of participants) {
    norms.push(...(await driftOf(columns([participant]), takeTurn)).norms);
  }
  return { norms };
}
