/**
 * Downloads a blob from a hub. Each try resumes where the last one ended, and the whole is checked
 * against its hash.
 */
import type { Blob } from '../../../protocol/blob-name.js';
import { TransportError } from '../../error.js';
import { type BlobRequests, errorOfResponse, MOST_WRONG_HASHES } from './blob-requests.js';
import type { Persist } from './persist.js';

/** @throws TransportError when trying again would not help, or the channel is closed */
export async function downloadBlob(
  { request, runningSha256 }: BlobRequests,
  persist: Persist,
  over: AbortSignal,
  { sha256, bytes }: Blob,
): Promise<Uint8Array> {
  const path = `/blobs/${sha256}`;
  const short = `${sha256.slice(0, 12)}…`;
  const target = allocate(bytes, short);
  let at = 0;
  let hash = runningSha256();
  let wrongHashes = 0;
  const startOver = () => {
    at = 0;
    hash = runningSha256();
  };
  await persist(`download of ${short}`, async () => {
    const headers = {
      ...(at > 0 && { range: `bytes=${at}-` }),
      // The bytes changed on the way or on the hub's disk, so ask the hub to check its file.
      ...(wrongHashes > 0 && { 'want-repr-digest': 'sha-256=10' }),
    };
    const response = await request({ method: 'GET', path, headers }, over);
    if (response.status !== 200 && response.status !== 206) {
      throw await errorOfResponse(response, `the download of ${short}`);
    }
    if (response.status === 200) startOver();
    for await (const piece of response.pieces()) {
      if (at + piece.length > bytes) {
        throw new TransportError(
          `transport: blob ${short} has more than the ${bytes} bytes it was said to have`,
        );
      }
      target.set(piece, at);
      hash.update(piece);
      at += piece.length;
    }
    const got = await hash.digest(target.subarray(0, at));
    if (at === bytes && got === sha256) return;
    startOver();
    const message = `what came for blob ${short} has the SHA-256 ${got}`;
    if (++wrongHashes === MOST_WRONG_HASHES) throw new TransportError(`transport: ${message}`);
    throw new Error(message);
  });
  return target;
}

function allocate(bytes: number, short: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new TransportError(`transport: there is no memory for the ${bytes} bytes of blob ${short}`, {
      cause,
    });
  }
}
