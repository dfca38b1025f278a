/**
 * The file of the final model, as a participant has it: what the coordinator offers, in full where
 * something is frozen, stays with the participant, or was rounded for its way. Also for somebody
 * who looks on and does not take part.
 */
import type { Assignment } from '../../protocol/assignment.js';
import { plain } from '../../transforms/codec/plain.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import { keptWork } from './kept-update.js';
import { type OfferedStates, offeredStates } from './offered-states.js';
import type { ParticipantFolder } from './participant-files.js';
import { type PersonalModel, personalModel } from './personal-model.js';

type FinishedAssignment = Extract<Assignment, { type: 'finished' }>;

interface FinalParts {
  readonly federation: CompiledFederation;
  readonly offered: OfferedStates;
  readonly personal: PersonalModel;
}

/** Nothing where the coordinator offers none. */
export async function finalModelFile(
  { model: blob, rollbacks }: FinishedAssignment,
  round: number,
  { federation: { frozen, own, codec }, offered, personal }: FinalParts,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (blob === undefined) return undefined;
  const { bytes, state } = await offered.modelFile(blob, round, signal);
  if (frozen === undefined && own === undefined && codec.model === plain) return bytes;
  return personal.file(state, rollbacks);
}

/**
 * For a participant that does no work now: with its own tensors as its last update that counted
 * left them, or as everybody begins.
 * @param name by which the end was opened
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
