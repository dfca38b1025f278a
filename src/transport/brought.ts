/**
 * Remembers which participant has sent which whole blobs. A participant may announce only blobs
 * that it sent itself, so that the hash of another's update is of no use to it. After a restart,
 * blobs are sent once more.
 */
export interface BroughtBlobs {
  /** The participant has sent the whole blob, and the bytes had the hash. */
  add(participant: string, sha256: string): void;
  has(participant: string, sha256: string): boolean;
}

/** The most blobs that are remembered of a participant: more than may wait to be announced. */
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
