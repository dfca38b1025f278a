/**
 * Accepts or refuses an announcement, such as an update: every refusal across machines is decided
 * here. It asks whether the run's state admits it (`rounds/admit-announcement.ts`), whether its
 * blobs are here, and whether its files are sound (`check-announced-files.ts`). Then it records the
 * fact, and returns the receipt.
 */
import { type MeasuredSums, sharedSumsProblem } from '../../../metrics/shared/sums-problem.js';
import type { Announcement, Receipt } from '../../../protocol/announcement.js';
import { blobsOfAnnouncement } from '../../../protocol/named-blobs.js';
import type { BroughtBlobs } from '../../../transport/brought.js';
import type { BlobFolder } from '../../../transport/transport.js';
import { admit } from '../../rounds/admit-announcement.js';
import type { RunState } from '../../rounds/round.js';
import type { RoundEvent } from '../../rounds/round-events.js';

export interface CheckedFiles {
  /** What is wrong with the files, in a line; undefined if nothing is. */
  readonly problem?: string | undefined;
  /** How far the weights of an update moved: see `CheckedUpdate`. */
  readonly moved?: number | undefined;
}

/** The part of a run's ledger (`remote/ledger.ts`) that is read and written here. */
interface Recording {
  state(): RunState;
  exclusively<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Called within `exclusively`. */
  record(event: RoundEvent): Promise<void>;
}

export interface AnnouncementOptions {
  readonly ledger: Recording;
  /** The number of categories in label counts; 0 if the target is something else. */
  readonly groups: number;
  /** The sums that participants may share of an evaluation. */
  readonly measured: MeasuredSums;
  readonly blobs: BlobFolder;
  readonly brought: BroughtBlobs;
  /** The model that round 1 begins with, if one was given. */
  readonly initial: string | undefined;
  /** Checks the files of an announcement. */
  check(participant: string, announcement: Announcement, state: RunState): Promise<CheckedFiles>;
  onRefused?(participant: string, announcement: Announcement, receipt: Receipt): void;
}

export function acceptOrRefuse(
  options: AnnouncementOptions,
): (participant: string, announcement: Announcement) => Promise<Receipt> {
  const { ledger, initial } = options;
  return async (participant, announcement) => {
    const receipt = await receiptOf(participant, announcement);
    if (!receipt.accepted) options.onRefused?.(participant, announcement, receipt);
    return receipt;
  };

  async function receiptOf(participant: string, announcement: Announcement): Promise<Receipt> {
    const first = admit(ledger.state(), participant, announcement, initial);
    // If it counts already, its files are not needed: they may be gone after the merge.
    if (first.event === undefined) return first.receipt;
    const refused =
      unfitCounts(participant, announcement, options.groups) ??
      unfitSums(participant, announcement, options) ??
      (await missingBlob(participant, announcement, options));
    if (refused !== undefined) return refused;
    const { problem, moved } = await options.check(participant, announcement, ledger.state());
    if (problem !== undefined) {
      return { accepted: false, reason: 'bad-update', message: problem.slice(0, 1000) };
    }
    return ledger.exclusively(async () => {
      // The run continued while the files were checked.
      const { event, receipt } = admit(ledger.state(), participant, announcement, initial);
      if (event !== undefined) await ledger.record(withMoved(event, moved));
      return receipt;
    });
  }
}

/**
 * Label counts go into the journal, so there must be one number for each category, and no more in
 * total than the participant's examples.
 */
function unfitCounts(participant: string, announcement: Announcement, groups: number): Receipt | undefined {
  if (announcement.type !== 'joined' || announcement.labelCounts === undefined) return undefined;
  const { labelCounts, examples, validationExamples } = announcement;
  const sum = labelCounts.reduce((a, b) => a + b, 0);
  if (labelCounts.length === groups && sum === examples + validationExamples) return undefined;
  const message = `"${participant}" has label counts of ${sum} examples in ${labelCounts.length} categories, expected ${examples + validationExamples} in ${groups}`;
  return { accepted: false, reason: 'not-expected', message };
}

/**
 * Sums of metrics go into the journal and into figures of all participants, so they must be of the
 * validation examples that the participant joined with.
 */
function unfitSums(
  participant: string,
  announcement: Announcement,
  { ledger, measured }: Pick<AnnouncementOptions, 'ledger' | 'measured'>,
): Receipt | undefined {
  if (announcement.type !== 'evaluated' || announcement.sums === undefined) return undefined;
  const { examples, sums, round } = announcement;
  const expected = ledger.state().members.get(participant)?.validationExamples;
  const problem =
    examples === expected
      ? sharedSumsProblem(sums, examples, measured)
      : `they are of ${examples} examples, expected the ${expected ?? 0} that it joined with`;
  if (problem === undefined) return undefined;
  const message = `the sums of "${participant}" for round ${round}: ${problem}`;
  return { accepted: false, reason: 'bad-update', message: message.slice(0, 1000) };
}

async function missingBlob(
  participant: string,
  announcement: Announcement,
  { blobs, brought }: Pick<AnnouncementOptions, 'blobs' | 'brought'>,
): Promise<Receipt | undefined> {
  for (const { sha256, bytes } of blobsOfAnnouncement(announcement)) {
    const here = (await blobs.has(sha256)) ? (await blobs.describe(sha256)).bytes : undefined;
    const mine = brought.has(participant, sha256);
    if (mine && here === bytes) continue;
    const state =
      here === undefined || !mine
        ? `did not come from "${participant}"`
        : `has ${here} bytes, expected ${bytes}`;
    const message = `the blob ${sha256.slice(0, 12)}… ${state}: it is uploaded before it is announced`;
    return { accepted: false, reason: 'no-blob', message };
  }
  return undefined;
}

const withMoved = (event: RoundEvent, moved: number | undefined): RoundEvent =>
  event.type === 'update-received' && moved !== undefined
    ? { ...event, update: { ...event.update, moved: Number(moved.toPrecision(4)) } }
    : event;
