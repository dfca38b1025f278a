/** Turns a run's state into the assignment that participants read: what is due now. */
import { currentPhase, missingIn } from './open-phase.js';
import type { Assigned, AssignmentFacts, RoundRecord, RunState } from './round.js';
import { constantsOf } from './survey-phases.js';

export async function assign(state: RunState, facts: AssignmentFacts): Promise<Assigned> {
  const { dropped, rollbacks } = state;
  return {
    ...(await workOf(state, facts)),
    ...(dropped.size > 0 && { dropped: [...dropped] }),
    ...(rollbacks.length > 0 && { rollbacks: [...rollbacks] }),
  };
}

async function workOf(state: RunState, facts: AssignmentFacts): Promise<Assigned> {
  const { final, cutOff, blobOf } = facts;
  const sha256 = constantsOf(state.rounds);
  const constants = sha256 !== undefined && { constants: await blobOf(sha256) };
  if (state.stopped !== undefined) {
    const { stopped: reason } = state;
    const decided = cutOff !== undefined && { cutOff };
    return {
      type: 'finished',
      reason,
      ...(final && { model: await blobOf(final), ...decided, ...constants }),
    };
  }
  const record = state.rounds.at(-1) as RoundRecord;
  const { round, attempt, deadlines } = record;
  const phase = currentPhase(state);
  if (phase?.by !== 'participants') return { type: 'wait', round };
  const deadline = deadlines[phase.name]?.at;
  return {
    ...(await phase.ask(state, record, facts)),
    ...constants,
    round,
    ...(attempt > 1 && { attempt }),
    waitingFor: missingIn(phase, state, record),
    ...(deadline !== undefined && { deadline }),
  };
}
