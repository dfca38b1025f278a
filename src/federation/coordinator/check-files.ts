/** The files of an announcement, looked at before they count. Node only. */
import type { Announcement } from '../../protocol/announcement.js';
import type { StateLayout } from '../../tensor/state-dict.js';
import type { BlobFolder } from '../../transport/transport.js';
import { checkUpdate } from './check-update.js';
import type { CheckedFiles } from './remote/receive.js';

/**
 * Looks at the files that a participant sent.
 * @param base the SHA-256 of what its work began with, where that is a file
 */
export type CheckFiles = (
  participant: string,
  announcement: Announcement,
  base: string | undefined,
) => Promise<CheckedFiles>;

/** One after the other, so that many who hand in at once take no more memory than one. */
export function fileChecker(layout: StateLayout, blobs: BlobFolder): CheckFiles {
  let last: Promise<unknown> = Promise.resolve();
  return (participant, announcement, base) => {
    const checked = last.then(() => checkFiles(participant, announcement, layout, blobs, base));
    last = checked.catch(() => undefined);
    return checked;
  };
}

async function checkFiles(
  participant: string,
  announcement: Announcement,
  layout: StateLayout,
  blobs: BlobFolder,
  base: string | undefined,
): Promise<CheckedFiles> {
  if (announcement.type !== 'update') return {};
  const { state, fisher, control } = announcement.update;
  const files = [
    { blob: state, what: 'update', ...(base !== undefined && { base: blobs.pathOf(base) }) },
    { blob: fisher, what: 'Fisher information', squares: true },
    // Mean gradients: their size is that of the loss, and not that of weights.
    { blob: control, what: 'control variate', farthest: 1e4 },
  ];
  let moved: number | undefined;
  for (const { blob, what, ...check } of files) {
    if (blob === undefined) continue;
    const named = { ...check, what: `the ${what} of "${participant}"` };
    const checked = await checkUpdate(blobs.pathOf(blob.sha256), layout, named);
    if (checked.problem !== undefined) return checked;
    if (blob === state) ({ moved } = checked);
  }
  return { moved };
}
