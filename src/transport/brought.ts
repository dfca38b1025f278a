/**
 * Remembers which participant has sent which blobs, to the last byte. To know the hash of another's
 * update is not to have that update, so a participant announces only what it sent itself. What was
 * sent before a restart is sent once more.
 */
export interface BroughtBlobs {
  /** This participant has sent all of it, and the bytes were those of the hash. */
  add(participant: string, sha256: string): void;
  has(participant: string, sha256: string): boolean;
}

/** Of each participant, more than may wait to be announced. */
const mostBlobs = 256;

export function broughtBlobs(): BroughtBlobs {
  const brought = new Map<string, Set<string>>();
  return {
    add(participant, sha256) {
      const blobs = brought.get(participant) ?? new Set();
      brought.set(participant, blobs);
      blobs.delete(sha256);
      blobs.add(sha256);
      for (const oldest of blobs) {
        if (blobs.size <= mostBlobs) break;
        blobs.delete(oldest);
      }
    },
    has: (participant, sha256) => brought.get(participant)?.has(sha256) === true,
  };
}
