/** The coordinator's part of each phase, if the participants' updates are files. Node only. */
import type { TaskRunner } from '../../training/tasks.js';
import { makeConstants } from '../methods/federated-survey.js';
import { refit, solveRefit } from '../methods/refit.js';
import type { Closing, RoundRecord, RunState } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { closeRound } from './closing/close-round.js';
import { filesOfReceived, type ReceivedRounds } from './closing/files-of-received.js';
import { requireSound } from './closing/sound-updates.js';
import { updatesInFiles } from './closing/updates-in-files.js';

export interface ReceivedWorkshop extends ReceivedRounds {
  /** The store over the folder; see `receivingStore`. */
  readonly store: RunStore;
  /** Called only if there are test examples. */
  readonly tasks: () => TaskRunner;
}

/**
 * @throws DamagedUpdateError when a file is not the one in the journal; it is removed, and can be
 * sent again.
 */
export async function concludeReceived(
  phase: string,
  round: number,
  state: RunState,
  workshop: ReceivedWorkshop,
): Promise<RoundEvent> {
  const { rounds } = state;
  switch (phase) {
    case 'constants':
      await keepAnswers(rounds[round - 1] as RoundRecord, workshop);
      return makeConstants(round, { ...workshop, rounds });
    case 'merge':
      return merge(round, state, workshop);
    case 'solve':
      await requireSound(filesOf('features', rounds[round - 1] as RoundRecord), workshop.blobs);
      return solveRefit(round, { ...workshop, rounds });
    case 'refit':
      return refit(round, { ...workshop, rounds, tasks: workshop.tasks() });
    default:
      throw new Error(`internal: nobody does the work of the phase "${phase}"`);
  }
}

function merge(round: number, state: RunState, workshop: ReceivedWorkshop): Promise<RoundEvent> {
  const { members } = (state.rounds[round - 1] as RoundRecord).closed.train as Closing;
  return closeRound(round, {
    ...{ ...workshop, rounds: state.rounds },
    updates: updatesInFiles(filesOfReceived(round, state, workshop), workshop.plan),
    examples: new Map([...members].map(([name, { examples }]) => [name, examples])),
  });
}

/** Keeps the answers to the survey in the run folder, for reports. The blobs do not stay. */
async function keepAnswers(record: RoundRecord, { store, blobs }: ReceivedWorkshop): Promise<void> {
  const { round } = record;
  const answers = filesOf('survey', record);
  await requireSound(answers, blobs);
  for (const { participant, sha256 } of answers) {
    const role = { type: 'survey', round, participant } as const;
    await store.put(role, await store.get(role, sha256));
  }
}

/** The files that count in a phase of contributions. */
function filesOf(phase: string, { closed, contributed }: RoundRecord) {
  return (closed[phase]?.counted ?? []).flatMap((participant) => {
    const { sha256 } = contributed[phase]?.get(participant) ?? {};
    return sha256 === undefined ? [] : [{ participant, sha256 }];
  });
}
