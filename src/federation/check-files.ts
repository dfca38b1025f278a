/** The files of an announcement, looked at before they count. Node only. */
import type { Announcement } from '../protocol/announcement.js';
import type { StateLayout } from '../tensor/state-dict.js';
import type { BlobFolder } from '../transport/transport.js';
import { updateProblem } from './check-update.js';

/**
 * Says what is wrong with the files that a participant sent, in a line, or nothing.
 * @param base the SHA-256 of what its work began with, where that is a file
 */
export type CheckFiles = (
  participant: string,
  announcement: Announcement,
  base: string | undefined,
) => Promise<string | undefined>;

export interface FileChecker {
  readonly check: CheckFiles;
  /** Looked at a moment ago: to read it again would tell nothing new. */
  isFresh(sha256: string): boolean;
}

const FRESH_MS = 60_000;

/** One after the other, so that many who hand in at once take no more memory than one. */
export function fileChecker(layout: StateLayout, blobs: BlobFolder): FileChecker {
  let last: Promise<unknown> = Promise.resolve();
  const lookedAt = new Map<string, number>();
  const look = async (...[participant, announcement, base]: Parameters<CheckFiles>) => {
    const problem = await filesProblem(participant, announcement, layout, blobs, base);
    if (problem === undefined && announcement.type === 'update') {
      const now = performance.now();
      for (const [sha256, at] of lookedAt) if (now - at > FRESH_MS) lookedAt.delete(sha256);
      const { state, fisher, control } = announcement.update;
      for (const blob of [state, fisher, control]) if (blob !== undefined) lookedAt.set(blob.sha256, now);
    }
    return problem;
  };
  return {
    check(...what) {
      const problem = last.then(() => look(...what));
      last = problem.catch(() => undefined);
      return problem;
    },
    isFresh: (sha256) => performance.now() - (lookedAt.get(sha256) ?? Number.NEGATIVE_INFINITY) < FRESH_MS,
  };
}

async function filesProblem(
  participant: string,
  announcement: Announcement,
  layout: StateLayout,
  blobs: BlobFolder,
  base: string | undefined,
): Promise<string | undefined> {
  if (announcement.type !== 'update') return undefined;
  const { state, fisher, control } = announcement.update;
  const files = [
    { blob: state, what: 'update', ...(base !== undefined && { base: blobs.pathOf(base) }) },
    { blob: fisher, what: 'Fisher information', squares: true },
    { blob: control, what: 'control variate' },
  ];
  for (const { blob, what, ...check } of files) {
    if (blob === undefined) continue;
    const named = { ...check, what: `the ${what} of "${participant}"` };
    const problem = await updateProblem(blobs.pathOf(blob.sha256), layout, named);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
