/**
 * Downloads the frozen weights once, where a participant cannot draw them by the seed. A file that
 * is larger than the memory for the work is refused before it is downloaded.
 */
import { unlessAborted } from '../../base/unless-aborted.js';
import type { ParticipantEnd } from '../../transport/transport.js';
import { FederationError } from '../error.js';

/**
 * Undefined where nothing is frozen, or the description names no file of it.
 * @throws FederationError when the file is larger than `mostBytes`
 */
export async function frozenOf(
  end: Pick<ParticipantEnd, 'description' | 'download'>,
  mostBytes: number,
  signal = new AbortController().signal,
): Promise<Uint8Array | undefined> {
  const { frozen, configuration } = end.description;
  if (frozen === undefined || configuration.freeze === undefined) return undefined;
  if (frozen.bytes > mostBytes) {
    throw new FederationError(
      `federation: the frozen weights have ${frozen.bytes} bytes, expected at most ${mostBytes}`,
    );
  }
  return unlessAborted(end.download(frozen), signal);
}
