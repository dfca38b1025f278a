/**
 * Makes the file of the final model as a participant has it: the coordinator's model, decoded, with
 * the frozen tensors and the participant's own. A participant that has not started gets it, too.
 */
import type { Assignment } from '../../protocol/assignment.js';
import { plain } from '../../transforms/codec/plain.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { offeredConstants } from './download-held.js';
import { keptWork } from './kept/kept-update.js';
import type { ParticipantFolder } from './kept/participant-files.js';
import { type OfferedStates, offeredStates } from './offered-states.js';
import { type PersonalModel, personalModel } from './personal-model.js';

type FinishedAssignment = Extract<Assignment, { type: 'finished' }>;

interface FinalParts {
  readonly federation: CompiledFederation;
  readonly offered: OfferedStates;
  readonly personal: PersonalModel;
}

/** Undefined if the coordinator offers no model, or the participant's own part is not there. */
export async function finalModelFile(
  assignment: FinishedAssignment,
  round: number,
  { federation, offered, personal }: FinalParts,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { model: blob, cutOff, rollbacks } = assignment;
  const { frozen, own, codec } = federation;
  if (blob === undefined) return undefined;
  const { bytes, state } = await offered.modelFile(blob, round, signal);
  const isWhole = frozen === undefined && own === undefined && cutOff === undefined;
  if (isWhole && codec.model === plain) return bytes;
  const made = await offeredConstants(federation, offered)(assignment, round, signal);
  return personal.file(state, { rollbacks, made, cutOff });
}

/**
 * The final model of a participant that has not started: with its own tensors as its last update
 * that counted left them. Without such an update they are the initial ones.
 * @param name with which the end was opened
 */
export async function onlookersModel(
  end: Pick<ParticipantEnd, 'description' | 'download'>,
  name: string,
  federation: CompiledFederation,
  folder: ParticipantFolder,
  assignment: FinishedAssignment,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const { configuration, methods, layout, codec } = federation;
  const { job, plan } = end.description;
  const kept = keptWork(folder, { job, participant: name, plan }, { methods, keep: configuration.keep });
  const offered = offeredStates(end, layout, codec, () => {});
  const personal = personalModel(federation, name, kept);
  return finalModelFile(assignment, configuration.rounds, { federation, offered, personal }, signal);
}
