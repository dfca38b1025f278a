/**
 * Moves a participant's blobs to and from a hub. It tries until they are there, resumes where the
 * last try ended, and checks the hashes. The same in Node and in a page: the caller brings the
 * requests.
 */
import type { Blob } from '../../../protocol/blob-name.js';
import type { BlobRequests } from './blob-requests.js';
import { downloadBlob } from './download-blob.js';
import { type Persistence, persistence } from './persist.js';
import { uploadBlob } from './upload-blob.js';

export type BlobMoverOptions = Omit<Persistence, 'finalError'>;

export function blobMover(requests: BlobRequests, { over, onTrouble }: BlobMoverOptions) {
  const persist = persistence({ over, onTrouble, finalError: requests.finalError });
  const uploads = new Map<string, Promise<Blob>>();

  async function upload(bytes: Uint8Array, sha256: string): Promise<Blob> {
    await uploadBlob(requests, persist, over, bytes, sha256);
    return { sha256, bytes: bytes.length };
  }

  return {
    /** One upload of the same bytes at a time: a second would end the first. */
    async upload(bytes: Uint8Array, known?: Blob): Promise<Blob> {
      const sha256 = known?.sha256 ?? (await requests.sha256(bytes));
      const running = uploads.get(sha256);
      if (running !== undefined) return running;
      const uploading = upload(bytes, sha256).finally(() => uploads.delete(sha256));
      uploads.set(sha256, uploading);
      return uploading;
    },
    download: (blob: Blob) => downloadBlob(requests, persist, over, blob),
  };
}
