/**
 * Downloads once what the coordinator alone has, where a participant cannot draw it by the seed:
 * frozen weights, constants, and the first values of own tensors that do not follow from the seed.
 * A file that is larger than the memory for the work is refused before it is downloaded. Constants
 * that are made before round 1 are named by the assignments after that.
 */
import { unlessAborted } from '../../base/unless-aborted.js';
import type { Assignment } from '../../protocol/assignment.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { CompiledFederation } from '../plan/compile-federation.js';
import type { HeldFiles } from '../plan/description.js';
import type { OfferedStates } from './offered-states.js';

/**
 * The files that the description names and the federation needs.
 * @throws FederationError when a file is larger than `mostBytes`
 */
export async function heldFilesOf(
  end: Pick<ParticipantEnd, 'description' | 'download'>,
  mostBytes: number,
  signal = new AbortController().signal,
): Promise<HeldFiles> {
  const { frozen, own, configuration } = end.description;
  // A model to start from may have constants, which only the network tells.
  const { train, freeze, lora, constants, initialModel, share } = configuration;
  const needed = {
    ...((train || freeze || lora || constants || initialModel) && {
      frozen: { blob: frozen, are: 'the frozen weights' },
    }),
    ...(share && { own: { blob: own, are: 'the own tensors to begin with' } }),
  };
  const files: Record<string, Uint8Array> = {};
  for (const [name, { blob, are }] of Object.entries(needed)) {
    if (blob === undefined) continue;
    if (blob.bytes > mostBytes) {
      throw new FederationError(`federation: ${are} have ${blob.bytes} bytes, expected at most ${mostBytes}`);
    }
    files[name] = await unlessAborted(end.download(blob), signal);
  }
  return files;
}

type NamesConstants = Extract<Assignment, { constants?: unknown }>;

/**
 * The constants that the coordinator made before round 1, or undefined if it makes none.
 * @throws FederationError when an assignment lacks them
 */
export function offeredConstants({ frozen }: CompiledFederation, offered: OfferedStates) {
  let last: { readonly sha256: string; readonly state: StateDict } | undefined;
  return async (
    { type, constants: blob }: NamesConstants,
    round: number,
    signal: AbortSignal,
  ): Promise<StateDict | undefined> => {
    if (frozen === undefined || frozen.made.length === 0) return undefined;
    if (blob === undefined) {
      throw new FederationError(
        `federation: the assignment "${type}" of round ${round} names no constants, expected those that were made of the survey before round 1`,
      );
    }
    if (last?.sha256 !== blob.sha256) {
      const state = await offered.common(blob, 'preprocessing', frozen.made, round, signal);
      last = { sha256: blob.sha256, state };
    }
    return last.state;
  };
}
