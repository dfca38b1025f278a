/**
 * Receives blobs. A blob is written to the participant's own file, which stays when the connection
 * is lost, so that the next upload resumes. The whole blob is confirmed when it has been checked
 * against its hash, and gets its name when it is synced. An announcement waits until then, so no
 * update counts that a power cut could remove. Node only.
 */
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { reasonOf } from '../../../../base/node/reason.js';
import type { Blob } from '../../../../protocol/blob-name.js';
import type { BroughtBlobs } from '../../../brought.js';
import {
  type PendingBlob,
  type PendingBlobs,
  pendingBlobs,
  type SettleClaim,
} from '../../../pending-blobs.js';
import type { BlobFolder } from '../../../transport.js';
import { bufferBudget } from '../guard/buffer-budget.js';
import { hashThread } from '../guard/hash-thread.js';
import type { HubLimits } from '../guard/limits.js';
import { type BlobSink, openBlobSink, type SinkHelpers } from './blob-sink.js';
import { drain, isOfDisk } from './drain.js';
import { latestOnly } from './latest-only.js';
import { openPartFiles, type PartFiles } from './part-files.js';
import { Refusal } from './refusal.js';

export interface Uploads {
  /**
   * How far an upload is. If the upload is still running, it is ended: the client that asks has
   * lost that connection.
   */
  progress(participant: string, sha256: string): Promise<{ offset: number; complete: boolean }>;
  /**
   * Receives all missing bytes, from `offset` on.
   * @throws Refusal
   */
  receive(upload: Upload): Promise<void>;
  /** Marks blobs as in use, by an announcement or an assignment. */
  claim(sha256s: readonly string[]): SettleClaim;
  /** Ends all uploads; parts stay. */
  close(): Promise<void>;
}

export interface Upload {
  readonly participant: string;
  readonly sha256: string;
  readonly offset: number;
  /** Whether the upload must fail if a part is here. */
  readonly first: boolean;
  /** The bytes of `body`, which make the blob whole. */
  readonly length: number;
  readonly body: Readable;
}

export interface UploadsParts {
  /** A folder for parts, on the same disk as `blobs`. */
  readonly folder: string;
  readonly blobs: BlobFolder;
  readonly participants: readonly string[];
  readonly limits: HubLimits;
  /** Whether the run refers to this blob. */
  holds?(sha256: string): boolean;
  /** The whole blobs that each participant has sent. */
  readonly brought: BroughtBlobs;
  /** Told of received bytes, whether the blob is whole or not. */
  onReceived(bytes: number): void;
  /**
   * Called when the disk has lost a confirmed blob. Its announcement is answered by "missing", and
   * it is sent again.
   */
  onLost(participant: string, blob: Blob, error: unknown): void;
}

export async function openUploads(parts: UploadsParts): Promise<Uploads> {
  const { folder, blobs, participants, limits } = parts;
  const files = await openPartFiles(folder, participants);
  const pending = pendingBlobs(limits.pendingBytes, limits.pendingBlobs, parts.holds);
  for (const { participant, sha256, bytes } of files.found) pending.mark(participant, sha256, bytes, 'part');
  const helpers: SinkHelpers = { hashes: hashThread(), buffers: bufferBudget() };
  const settling = new Set<Promise<void>>();
  const store: UploadStore = { ...parts, files, pending, helpers, settling };
  // A later upload replaces one whose connection may have died unnoticed.
  const receiving = latestOnly();
  return {
    async progress(participant, sha256) {
      let result = { offset: 0, complete: false };
      await receiving.run(files.pathOf(participant, sha256), async () => {
        const complete = await isHere(store, participant, sha256);
        const offset = complete
          ? (await stat(blobs.pathOf(sha256))).size
          : await files.bytesOf(participant, sha256);
        result = { offset, complete };
      });
      return result;
    },
    receive: (upload) =>
      receiving.run(files.pathOf(upload.participant, upload.sha256), async (signal) => {
        if (await isHere(store, upload.participant, upload.sha256)) return;
        await makeRoom(store, upload);
        await receive(store, upload, signal);
      }),
    claim: (sha256s) => pending.claim(sha256s),
    async close() {
      await receiving.endAll();
      await Promise.all(settling);
      await helpers.hashes.close();
    },
  };
}

interface UploadStore extends UploadsParts {
  readonly files: PartFiles;
  readonly pending: PendingBlobs;
  readonly helpers: SinkHelpers;
  /** Blobs that are confirmed and not synced yet. */
  readonly settling: Set<Promise<void>>;
}

/**
 * A blob that only others have sent counts as missing. Otherwise a participant could learn that
 * another has it.
 */
const isHere = async ({ brought, blobs }: UploadStore, participant: string, sha256: string) =>
  brought.has(participant, sha256) && (await blobs.has(sha256));

/**
 * @throws Refusal when the upload does not continue the part that is here, or there is no room for
 *   the whole
 */
async function makeRoom(store: UploadStore, { participant, sha256, offset, first, length }: Upload) {
  const { files, pending, limits } = store;
  const there = await files.bytesOf(participant, sha256);
  if (offset !== there && (offset !== 0 || first)) {
    throw new Refusal(
      409,
      'offset',
      `${there} bytes of the blob are here, and the upload goes on at ${offset}`,
    );
  }
  const evicted = pending.reserve(participant, sha256, offset + length);
  if (evicted === undefined) {
    throw new Refusal(
      413,
      'too-much-pending',
      `"${participant}" would have more than ${limits.pendingBytes} bytes, or ${limits.pendingBlobs} blobs, uploaded and not announced`,
      'announce what has been uploaded, before more is',
    );
  }
  for (const blob of evicted) await remove(store, blob);
}

async function remove({ files, pending, blobs }: UploadStore, { participant, sha256, stage }: PendingBlob) {
  if (stage !== 'whole') await files.remove(participant, sha256);
  // It may have been announced meanwhile.
  else if (!pending.isInUse(sha256)) await blobs.discard(sha256);
}

/** Writes the body into the part. A whole blob gets its name; a part stays for the next upload. */
async function receive(store: UploadStore, upload: Upload, signal: AbortSignal): Promise<void> {
  const { files, helpers, limits, onReceived } = store;
  const { participant, sha256, offset, length, body } = upload;
  let sink: BlobSink | undefined;
  let confirmed = false;
  try {
    sink = await openBlobSink(files.pathOf(participant, sha256), offset, helpers);
    await drain(body, sink, limits, signal);
    await checkWhole(store, upload, sink);
    settle(store, participant, { sha256, bytes: offset + length }, sink);
    confirmed = true;
  } catch (error) {
    if (!isOfDisk(error)) throw error;
    const what = `${sha256.slice(0, 12)}… of "${participant}"`;
    throw new Refusal(507, 'disk', `the coordinator cannot keep ${what}: ${reasonOf(error)}`);
  } finally {
    if (sink !== undefined) onReceived(sink.position() - offset);
    if (!confirmed) {
      await sink?.close();
      await keepRest(store, participant, sha256);
    }
  }
}

/** @throws Refusal when bytes are missing, or do not have the hash */
async function checkWhole(
  { files }: UploadStore,
  { participant, sha256, offset, length }: Upload,
  sink: BlobSink,
) {
  const bytes = offset + length;
  if (sink.position() !== bytes) throw new Refusal(408, 'cut-off', 'the upload ended too early');
  if ((await sink.digest()) === sha256) return;
  await files.remove(participant, sha256);
  throw new Refusal(
    422,
    'wrong-hash',
    `the ${bytes} bytes that came have another SHA-256 than ${sha256.slice(0, 12)}…`,
  );
}

async function keepRest({ files, pending }: UploadStore, participant: string, sha256: string) {
  const left = await files.bytesOf(participant, sha256);
  if (left > 0) {
    pending.mark(participant, sha256, left, 'part');
    return;
  }
  pending.forget(participant, sha256);
  await files.remove(participant, sha256);
}

/** Gives a confirmed blob its name once it is synced. */
function settle(store: UploadStore, participant: string, blob: Blob, sink: BlobSink): void {
  const { files, pending, blobs, brought, settling, onLost } = store;
  pending.mark(participant, blob.sha256, blob.bytes, 'whole');
  brought.add(participant, blob.sha256);
  const synced = sink.sync().finally(() => sink.close());
  const part = files.pathOf(participant, blob.sha256);
  const settled = blobs.adopt(part, blob, synced).catch(async (error: unknown) => {
    pending.forget(participant, blob.sha256);
    await files.remove(participant, blob.sha256);
    onLost(participant, blob, error);
  });
  settling.add(settled);
  void settled.then(() => settling.delete(settled));
}
