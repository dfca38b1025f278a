/** What a run's state asks of its participants, as they are told it. */
import type { Assignment } from '../../protocol/assignment.js';
import type { Blob } from '../../protocol/blob-name.js';
import { baseOf } from './admission.js';
import { missingCopies, missingUpdates, type RoundRecord, type RunState } from './round.js';
import type { Phase } from './round-events.js';

export interface AssignmentFacts {
  /** The model that round 1 begins with, where one was given. */
  readonly initial: string | undefined;
  /** The SHA-256 of the final model, once the run is at its end. */
  readonly final: string | undefined;
  /** A blob that the coordinator has. */
  blobOf(sha256: string): Promise<Blob>;
}

type Unnumbered<One> = One extends unknown ? Omit<One, 'epoch' | 'sequence'> : never;

/** An assignment without what numbers it among the coordinator's. */
export type Assigned = Unnumbered<Assignment>;

export async function assign(state: RunState, facts: AssignmentFacts): Promise<Assigned> {
  const { dropped, rollbacks } = state;
  return {
    ...(await workOf(state, facts)),
    ...(dropped.size > 0 && { dropped: [...dropped] }),
    ...(rollbacks.length > 0 && { rollbacks: [...rollbacks] }),
  };
}

async function workOf(state: RunState, { initial, final, blobOf }: AssignmentFacts): Promise<Assigned> {
  const current = state.rounds.at(-1) as RoundRecord;
  const { round, merged, closed } = current;
  if (state.stopped !== undefined) {
    return { type: 'finished', reason: state.stopped, ...(final && { model: await blobOf(final) }) };
  }
  const work = (phase: Phase, waitingFor: readonly string[]) => {
    const deadline = current.deadlines[phase]?.at;
    return { round, waitingFor: [...waitingFor], ...(deadline !== undefined && { deadline }) };
  };
  if (closed === undefined) {
    const base = baseOf(state, round, initial);
    const control = state.rounds[round - 2]?.merged?.control;
    return {
      type: 'train',
      ...work('train', missingUpdates(current)),
      ...(base !== undefined && { base: await blobOf(base) }),
      ...(control !== undefined && { control: await blobOf(control) }),
    };
  }
  if (merged === undefined) return { type: 'wait', round };
  return {
    type: 'evaluate',
    ...work('evaluate', missingCopies(state, current)),
    model: await blobOf(merged.sha256),
  };
}
