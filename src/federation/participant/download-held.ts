/**
 * Downloads once what the coordinator alone has, where a participant cannot draw it by the seed:
 * frozen weights, constants, and the first values of own tensors that do not follow from the seed.
 * A file that is larger than the memory for the work is refused before it is downloaded.
 */
import { unlessAborted } from '../../base/unless-aborted.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';
import type { HeldFiles } from '../plan/description.js';

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
  const { freeze, constants, initialModel, share } = configuration;
  const needed = {
    ...((freeze || constants || initialModel) && { frozen: { blob: frozen, are: 'the frozen weights' } }),
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
