/**
 * Checks by SHA-256 that the files of updates are still those in the journal. A thread of its own
 * reads them while they are merged, since hashing takes about as long as merging. Node only.
 */
import { stat } from 'node:fs/promises';
import { hashThread } from '../../../transport/hub/server/guard/hash-thread.js';
import type { BlobFolder } from '../../../transport/transport.js';
import { DamagedUpdateError } from '../../error.js';
import type { UpdateRecord } from '../../rounds/round-events.js';

/**
 * @throws DamagedUpdateError when a file is not the one in the journal; it is removed, and can be
 * sent again.
 */
export async function requireSound(
  updates: readonly Pick<UpdateRecord, 'participant' | 'sha256' | 'attachments'>[],
  blobs: BlobFolder,
): Promise<void> {
  const hashes = hashThread(true);
  try {
    for (const { participant, sha256, attachments = {} } of updates) {
      for (const blob of [sha256, ...Object.values(attachments)]) {
        if ((await hashOf(blobs.pathOf(blob))) === blob) continue;
        await blobs.discard(blob);
        throw new DamagedUpdateError(
          participant,
          `federation: the file ${blob.slice(0, 12)}… of "${participant}" has changed on the disk`,
        );
      }
    }
  } finally {
    await hashes.close();
  }

  async function hashOf(path: string): Promise<string | undefined> {
    const file = hashes.follow(path, 0);
    const { size } = await stat(path).catch(() => ({ size: 0 }));
    // A file that is missing or cannot be read has no digest.
    const sha256 = await file.digest(size).catch(() => undefined);
    file.leave();
    return sha256;
  }
}
