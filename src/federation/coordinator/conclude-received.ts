/** The coordinator's part of each phase, where what participants have handed in lies as files. Node only. */
import { refit, solveRefit } from '../methods/refit.js';
import type { RoundRecord, RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { mergeReceived, type ReceivedWorkshop } from './merge-received.js';
import { requireSound } from './sound-updates.js';

/** @throws DamagedUpdateError when a file is not what the journal says; it is gone then, and can be sent again. */
export async function concludeReceived(
  phase: string,
  round: number,
  state: RunState,
  workshop: ReceivedWorkshop,
): Promise<RoundEvent> {
  const { rounds } = state;
  switch (phase) {
    case 'merge':
      return mergeReceived(round, state, workshop);
    case 'solve':
      await requireSound(filesOf('features', rounds[round - 1] as RoundRecord), workshop.blobs);
      return solveRefit(round, { ...workshop, rounds });
    case 'refit':
      return refit(round, { ...workshop, rounds, tasks: workshop.tasks() });
    default:
      throw new Error(`internal: nobody does the work of the phase "${phase}"`);
  }
}

/** What counts of a phase of contributions. */
function filesOf(phase: string, { closed, contributed }: RoundRecord) {
  return (closed[phase]?.counted ?? []).flatMap((participant) => {
    const { sha256 } = contributed[phase]?.get(participant) ?? {};
    return sha256 === undefined ? [] : [{ participant, sha256 }];
  });
}
