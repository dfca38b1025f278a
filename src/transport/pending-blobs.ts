/**
 * The blobs that participants have uploaded, whole or in part, and not announced yet. The number
 * and the bytes of each participant are limited; the oldest blob is removed when a new one needs
 * room. So nobody can fill the disk, and the files of a killed participant do not stay for ever. A
 * blob that is in use stays on the disk, even when another participant uploads the same bytes and
 * drops them.
 */

/** A `part` is not being written at the moment; `active` is. */
export type BlobStage = 'active' | 'part' | 'whole';

export interface PendingBlob {
  readonly participant: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly stage: BlobStage;
}

export interface PendingBlobs {
  /**
   * Makes room for a blob of this size.
   * @returns the blobs that must be removed from the disk first; undefined when even then there is
   *   too little room
   */
  reserve(participant: string, sha256: string, bytes: number): readonly PendingBlob[] | undefined;
  /** Records the present state of a blob. */
  mark(participant: string, sha256: string, bytes: number, stage: BlobStage): void;
  forget(participant: string, sha256: string): void;
  /** Marks blobs as in use, whichever participant uploaded them. */
  claim(sha256s: readonly string[]): SettleClaim;
  /** Whether the blob must stay on the disk. */
  isInUse(sha256: string): boolean;
}

/**
 * @param counted whether the run refers to the blobs from now on; otherwise they are pending as
 *   before
 */
export type SettleClaim = (counted: boolean) => void;

/** @param holds whether the run refers to this blob */
export function pendingBlobs(
  limitBytes: number,
  mostBlobs: number,
  holds: (sha256: string) => boolean = () => false,
): PendingBlobs {
  /** How many decisions under way each blob takes part in. */
  const claims = new Map<string, number>();
  const isInUse = (sha256: string) => claims.has(sha256) || holds(sha256);
  /** The oldest first. */
  const all = new Map<string, PendingBlob>();
  const keyOf = (participant: string, sha256: string) => `${sha256} ${participant}`;
  const mark = (blob: PendingBlob) => {
    const key = keyOf(blob.participant, blob.sha256);
    all.delete(key);
    all.set(key, blob);
  };
  const isWhole = (sha256: string) =>
    [...all.values()].some((each) => each.sha256 === sha256 && each.stage === 'whole');
  return {
    reserve(participant, sha256, bytes) {
      const others = [...all.values()].filter(
        (each) => each.participant === participant && each.sha256 !== sha256,
      );
      let used = bytes + others.reduce((sum, each) => sum + each.bytes, 0);
      let count = 1 + others.length;
      const fits = () => used <= limitBytes && count <= mostBlobs;
      const removed: PendingBlob[] = [];
      for (const each of others.filter(({ stage }) => stage !== 'active')) {
        if (fits()) break;
        removed.push(each);
        used -= each.bytes;
        count--;
      }
      if (!fits()) return undefined;
      for (const each of removed) all.delete(keyOf(participant, each.sha256));
      mark({ participant, sha256, bytes, stage: 'active' });
      return removed.filter(
        ({ sha256, stage }) => stage !== 'whole' || !(isInUse(sha256) || isWhole(sha256)),
      );
    },
    mark: (participant, sha256, bytes, stage) => mark({ participant, sha256, bytes, stage }),
    forget: (participant, sha256) => void all.delete(keyOf(participant, sha256)),
    claim(sha256s) {
      const claimed = [...all.values()].filter(
        ({ sha256, stage }) => stage === 'whole' && sha256s.includes(sha256),
      );
      for (const { participant, sha256 } of claimed) all.delete(keyOf(participant, sha256));
      for (const sha256 of sha256s) claims.set(sha256, (claims.get(sha256) ?? 0) + 1);
      return (counted) => {
        for (const sha256 of sha256s) {
          const left = (claims.get(sha256) ?? 1) - 1;
          if (left === 0) claims.delete(sha256);
          else claims.set(sha256, left);
        }
        if (!counted) claimed.forEach(mark);
      };
    },
    isInUse,
  };
}
