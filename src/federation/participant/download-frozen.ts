/** The weights that stay as they are, fetched once, where a participant cannot draw them itself. */
import { unlessAborted } from '../../base/unless-aborted.js';
import type { ParticipantEnd } from '../../transport/transport.js';

/** Undefined where the description names none. */
export async function frozenOf(
  end: ParticipantEnd,
  signal = new AbortController().signal,
): Promise<Uint8Array | undefined> {
  const { frozen } = end.description;
  return frozen && unlessAborted(end.download(frozen), signal);
}
