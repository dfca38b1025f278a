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

/** One after the other, so that many who hand in at once take no more memory than one. */
export function fileChecker(layout: StateLayout, blobs: BlobFolder): CheckFiles {
  let last: Promise<unknown> = Promise.resolve();
  return (participant, announcement, base) => {
    const problem = last.then(() => filesProblem(participant, announcement, layout, blobs, base));
    last = problem.catch(() => undefined);
    return problem;
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
