/**
 * Uploads a blob to a hub. It first asks where the last try ended, and sends only what is missing.
 */
import { type BlobRequests, errorOfResponse, MOST_WRONG_HASHES } from './blob-requests.js';
import type { Persist } from './persist.js';

/** @throws TransportError when trying again would not help, or the channel is closed */
export async function uploadBlob(
  { request }: BlobRequests,
  persist: Persist,
  over: AbortSignal,
  bytes: Uint8Array,
  sha256: string,
): Promise<void> {
  const path = `/blobs/${sha256}`;
  const what = `upload of ${sha256.slice(0, 12)}…`;
  let wrongHashes = 0;
  await persist(what, async () => {
    const head = await request({ method: 'HEAD', path }, over);
    if (head.status !== 200) throw await errorOfResponse(head, `the ${what}`);
    head.discard();
    if (head.header('upload-complete') === '?1') return;
    const there = wholeNumber(head.header('upload-offset'));
    const offset = there <= bytes.length ? there : 0;
    const body = bytes.subarray(offset);
    const headers = {
      'upload-offset': `${offset}`,
      // A browser repeats a request by itself when it loses a connection that it had used before.
      ...(there === 0 && { 'if-none-match': '*' }),
    };
    const response = await request({ method: 'PUT', path, headers, body }, over);
    if (response.status === 201) {
      response.discard();
      return;
    }
    // The hub's part was not from us, or was damaged; the hub has removed it.
    if (response.status === 422 && ++wrongHashes < MOST_WRONG_HASHES) {
      response.discard();
      throw new Error('the bytes were changed on the way');
    }
    throw await errorOfResponse(response, `the ${what}`);
  });
}

/** The number in a header; 0 without the header, since the hub then has no part. */
function wholeNumber(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}
