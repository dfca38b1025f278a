/**
 * The blobs that participants have uploaded and not announced yet, in parts or whole. Each
 * participant may have so many of them, and so many bytes; the oldest goes when a new one needs
 * room. So nobody fills the disk, and what a killed participant left behind does not stay for ever.
 * A blob that is in use stays on the disk, also when another participant uploads the same bytes and
 * lets them go.
 */

/** Nobody writes to a part at the moment; `active` is being written. */
export type BlobStage = 'active' | 'part' | 'whole';

export interface PendingBlob {
  readonly participant: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly stage: BlobStage;
}

export interface PendingBlobs {
  /**
   * Room for a blob of this size.
   * @returns what must be removed from the disk first, or nothing when even then there is too
   *   little room
   */
  reserve(participant: string, sha256: string, bytes: number): readonly PendingBlob[] | undefined;
  /** Its present state. */
  mark(participant: string, sha256: string, bytes: number, stage: BlobStage): void;
  forget(participant: string, sha256: string): void;
  /** These are in use now, from any participant. */
  claim(sha256s: readonly string[]): SettleClaim;
  /** Whether the blob must stay on the disk. */
  isInUse(sha256: string): boolean;
}

/** @param counted the run refers to the blobs from now on; otherwise they are pending as before */
export type SettleClaim = (counted: boolean) => void;

/** @param holds the run refers to this blob */
export function pendingBlobs(
  limitBytes: number,
  mostBlobs: number,
  holds: (sha256: string) => boolean = () => false,
): PendingBlobs {
  /** Blobs of which it is being decided whether they count. */
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
