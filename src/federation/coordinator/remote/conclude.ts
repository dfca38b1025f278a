/**
 * Does the coordinator's part of a phase when it is due, and records it if it is still wanted by
 * then.
 */
import { DamagedUpdateError } from '../../error.js';
import { currentPhase, handingIn, inAttempt } from '../../rounds/open-phase.js';
import type { RoundRecord, RunState } from '../../rounds/round.js';
import type { RoundEvent } from '../../rounds/round-events.js';
import type { Ledger } from './ledger.js';

/** @throws DamagedUpdateError when a file that a participant handed in is not what it was. */
export type Conclude = (phase: string, round: number, state: RunState) => Promise<RoundEvent>;

/** @returns whether something was due */
export async function concludeDue(ledger: Ledger, conclude: Conclude): Promise<boolean> {
  const state = ledger.state();
  const phase = currentPhase(state);
  if (phase?.by !== 'coordinator') return false;
  const { round, closed } = state.rounds.at(-1) as RoundRecord;
  const attempt = inAttempt(state);
  // An operator may have dropped a participant or gone back meanwhile: then it is done again, or
  // not at all.
  const isStillDue = () => {
    const now = ledger.state();
    return now.rounds[round - 1]?.closed === closed && currentPhase(now) === phase;
  };
  const event = await conclude(phase.name, round, state).catch((error: unknown): RoundEvent | undefined => {
    if (!isStillDue()) return undefined;
    const lost = handingIn(ledger.state());
    if (!(error instanceof DamagedUpdateError) || lost === undefined) throw error;
    return { type: 'work-lost', round, phase: lost.name, participant: error.participant };
  });
  await ledger.exclusively(async () => {
    if (event === undefined || !isStillDue()) return;
    await ledger.record(event.type === 'work-lost' ? event : { ...event, ...attempt });
  });
  return true;
}
