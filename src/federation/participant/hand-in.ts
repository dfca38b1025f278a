/**
 * Hands in an update, or the file of a contribution: uploads the files, then announces them. Does
 * both again if the coordinator has lost a file.
 */
import { InterruptedError } from '../../base/interrupted.js';
import { unlessAborted } from '../../base/unless-aborted.js';
import type { Announcement, Receipt } from '../../protocol/announcement.js';
import type { Blob } from '../../protocol/blob-name.js';
import { blobOf, type FinishedUpdate } from './kept/kept-update.js';

export interface HandIn {
  upload(bytes: Uint8Array, blob: Blob): Promise<unknown>;
  announce(announcement: Announcement): Promise<Receipt>;
  /** Called before the files of a round are uploaded. */
  onUpload(round: number): void;
  /** Gives the update up, before it is announced. */
  readonly signal: AbortSignal;
}

/** Upload attempts if the coordinator loses a blob before it is announced. */
const UPLOADS = 3;

/**
 * @param attempt at the round, as the assignment says it
 * @returns whether the update counts
 */
export async function handIn(
  { announcement, state, attachments }: FinishedUpdate,
  attempt: number | undefined,
  { upload, announce, onUpload, signal }: HandIn,
): Promise<boolean> {
  const { update, round } = announcement;
  const files = [
    { bytes: state, blob: update.state },
    ...Object.entries(update.attachments ?? {}).map(([name, blob]) => ({ bytes: attachments[name], blob })),
  ];
  for (let tried = 1; ; tried++) {
    onUpload(round);
    for (const { bytes, blob } of files) {
      if (bytes === undefined) throw new Error(`internal: a file of the update of round ${round} is missing`);
      await unlessAborted(upload(bytes, blob), signal);
    }
    if (signal.aborted) throw new InterruptedError('interrupted');
    const receipt = await announce({ ...announcement, ...(attempt !== undefined && { attempt }) });
    if (receipt.accepted) return true;
    if (receipt.reason !== 'no-blob' || tried === UPLOADS) return false;
  }
}

export interface HandInFile {
  upload(bytes: Uint8Array, blob: Blob): Promise<unknown>;
  announce(announcement: Announcement): Promise<Receipt>;
  onActivity(round: number, activity: 'uploading'): void;
  readonly signal: AbortSignal;
  /** Called before the file is announced. */
  saying(): void;
}

/** @param announcement without its file */
export async function handInFile(
  bytes: Uint8Array<ArrayBuffer>,
  announcement: Extract<Announcement, { type: 'contributed' }>,
  { upload, announce, onActivity, signal, saying }: HandInFile,
): Promise<void> {
  const file = await blobOf(bytes);
  for (let tried = 1; ; tried++) {
    onActivity(announcement.round, 'uploading');
    await unlessAborted(upload(bytes, file), signal);
    saying();
    const receipt = await announce({ ...announcement, file });
    if (receipt.accepted || receipt.reason !== 'no-blob' || tried === UPLOADS) return;
  }
}
