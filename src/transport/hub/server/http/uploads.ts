/**
 * Blobs on their way in: written to a file of the participant's own, which stays when the connection is lost, so that the
 * next one goes on behind it. The whole is confirmed when it has been checked against its hash, and gets its name when it is
 * synced: who announces it meanwhile waits, so that nothing is counted that a power cut would take away. Node only.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { reasonOf } from '../../../../base/node/reason.js';
import type { Blob } from '../../../../protocol/blob-name.js';
import type { BroughtBlobs } from '../../../brought.js';
import { type PendingBlob, pendingBlobs, type SettleClaim } from '../../../pending-blobs.js';
import type { BlobFolder } from '../../../transport.js';
import { bufferBudget } from '../guard/buffer-budget.js';
import { hashThread } from '../guard/hash-thread.js';
import type { HubLimits } from '../guard/limits.js';
import { watchForStall } from '../guard/stall.js';
import { type BlobSink, openBlobSink, type SinkHelpers } from './blob-sink.js';
import { Refusal } from './refusal.js';

export interface Uploads {
  /** How far it is. An upload of it that is under way is ended: whoever asks has lost that connection. */
  progress(participant: string, sha256: string): Promise<{ offset: number; complete: boolean }>;
  /**
   * All that is missing, from `offset` on.
   * @throws Refusal
   */
  receive(upload: Upload): Promise<void>;
  /** These are in use now, by an announcement or an assignment. */
  claim(sha256s: readonly string[]): SettleClaim;
  /** Ends what is under way; parts stay. */
  close(): Promise<void>;
}

export interface Upload {
  readonly participant: string;
  readonly sha256: string;
  readonly offset: number;
  /** Only if nothing of it is here. */
  readonly first: boolean;
  /** Bytes of `body`, with which the blob is whole. */
  readonly length: number;
  readonly body: Readable;
}

interface Receiving {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export interface UploadsParts {
  /** On the disk of `blobs`, for what is not whole yet. */
  readonly folder: string;
  readonly blobs: BlobFolder;
  readonly participants: readonly string[];
  readonly limits: HubLimits;
  /** The run refers to this blob. */
  holds?(sha256: string): boolean;
  /** What each has sent to the last byte. */
  readonly brought: BroughtBlobs;
  /** So many bytes have come, of a blob that is whole now or not. */
  onReceived(bytes: number): void;
  /** The disk has lost what was confirmed; whoever announces it hears that it is not here, and sends it once more. */
  onLost(participant: string, blob: Blob, error: unknown): void;
}

export async function openUploads(parts: UploadsParts): Promise<Uploads> {
  const { folder, blobs, participants, limits, brought, onReceived, onLost } = parts;
  const pending = pendingBlobs(limits.pendingBytes, limits.pendingBlobs, parts.holds);
  const helpers: SinkHelpers = { hashes: hashThread(), buffers: bufferBudget() };
  const receiving = new Map<string, Receiving>();
  const settling = new Set<Promise<void>>();
  // A name may be no name for a folder.
  const folderOf = (participant: string) => join(folder, digestOf(participant).slice(0, 32));
  const partOf = (participant: string, sha256: string) => join(folderOf(participant), `${sha256}.part`);

  for (const participant of participants) {
    await mkdir(folderOf(participant), { recursive: true, mode: 0o700 });
    for (const file of await readdir(folderOf(participant))) {
      const [sha256, bytes] = [file.slice(0, 64), await sizeOf(join(folderOf(participant), file))];
      pending.mark(participant, sha256, bytes, 'part');
    }
  }

  async function remove({ participant, sha256, stage }: PendingBlob): Promise<void> {
    if (stage !== 'whole') await rm(partOf(participant, sha256), { force: true });
    // It may have been announced since.
    else if (!pending.isInUse(sha256)) await blobs.discard(sha256);
  }

  /** One at a time for each part: a later one takes the place of one whose connection may be dead without a word. */
  async function alone(part: string, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    for (let other = receiving.get(part); other !== undefined; other = receiving.get(part)) {
      other.abort.abort();
      await other.done.catch(() => undefined);
    }
    const abort = new AbortController();
    const done = work(abort.signal);
    receiving.set(part, { abort, done });
    try {
      await done;
    } finally {
      receiving.delete(part);
    }
  }

  /** What others have sent is as if it were not here: who has not all of its bytes would learn that somebody has. */
  const isHere = async (participant: string, sha256: string) =>
    brought.has(participant, sha256) && (await blobs.has(sha256));

  async function receive({ participant, sha256, offset, first, length, body }: Upload, signal: AbortSignal) {
    if (await isHere(participant, sha256)) return;
    const part = partOf(participant, sha256);
    const there = await sizeOf(part);
    if (offset !== there && (offset !== 0 || first)) {
      throw new Refusal(
        409,
        'offset',
        `${there} bytes of the blob are here, and the upload goes on at ${offset}`,
      );
    }
    const bytes = offset + length;
    const evicted = pending.reserve(participant, sha256, bytes);
    if (evicted === undefined) {
      throw new Refusal(
        413,
        'too-much-pending',
        `"${participant}" would have more than ${limits.pendingBytes} bytes, or ${limits.pendingBlobs} blobs, uploaded and not announced`,
        'announce what has been uploaded, before more is',
      );
    }
    for (const blob of evicted) await remove(blob);
    let sink: BlobSink | undefined;
    let confirmed = false;
    try {
      sink = await openBlobSink(part, offset, helpers);
      await drain(body, sink, limits, signal);
      if (sink.position() !== bytes) throw new Refusal(408, 'cut-off', 'the upload ended too early');
      const digest = await sink.digest();
      if (digest !== sha256) {
        await rm(part, { force: true });
        throw new Refusal(
          422,
          'wrong-hash',
          `the ${bytes} bytes that came have another SHA-256 than ${sha256.slice(0, 12)}…`,
        );
      }
      settle(participant, part, { sha256, bytes }, sink);
      confirmed = true;
    } catch (error) {
      throw isOfDisk(error)
        ? new Refusal(
            507,
            'disk',
            `the coordinator cannot keep ${sha256.slice(0, 12)}… of "${participant}": ${reasonOf(error)}`,
          )
        : error;
    } finally {
      if (sink !== undefined) onReceived(sink.position() - offset);
      if (!confirmed) {
        await sink?.close();
        const left = await sizeOf(part);
        if (left === 0) {
          pending.forget(participant, sha256);
          await rm(part, { force: true });
        } else pending.mark(participant, sha256, left, 'part');
      }
    }
  }

  /** What is confirmed gets its name once it is synced. */
  function settle(participant: string, part: string, blob: Blob, sink: BlobSink): void {
    pending.mark(participant, blob.sha256, blob.bytes, 'whole');
    brought.add(participant, blob.sha256);
    const synced = sink.sync().finally(() => sink.close());
    const settled = blobs.adopt(part, blob, synced).catch(async (error: unknown) => {
      pending.forget(participant, blob.sha256);
      await rm(part, { force: true });
      onLost(participant, blob, error);
    });
    settling.add(settled);
    void settled.then(() => settling.delete(settled));
  }

  return {
    async progress(participant, sha256) {
      let result = { offset: 0, complete: false };
      await alone(partOf(participant, sha256), async () => {
        const complete = await isHere(participant, sha256);
        const offset = complete ? (await stat(blobs.pathOf(sha256))).size : 0;
        result = complete
          ? { offset, complete }
          : { offset: await sizeOf(partOf(participant, sha256)), complete };
      });
      return result;
    },
    receive: (upload) =>
      alone(partOf(upload.participant, upload.sha256), (signal) => receive(upload, signal)),
    claim: (sha256s) => pending.claim(sha256s),
    async close() {
      const all = [...receiving.values()];
      for (const { abort } of all) abort.abort();
      await Promise.allSettled(all.map(({ done }) => done));
      await Promise.all(settling);
      await helpers.hashes.close();
    },
  };
}

/** @throws Refusal when the body stalls, is cut off, or somebody else goes on with it */
async function drain(body: Readable, sink: BlobSink, limits: HubLimits, signal: AbortSignal) {
  const stalling = new AbortController();
  const stop = watchForStall(
    limits,
    // A full buffer waits for our own disk.
    () => (sink.stream.writableNeedDrain ? undefined : sink.position()),
    () => stalling.abort(),
  );
  try {
    await pipeline(body, sink.stream, { signal: AbortSignal.any([signal, stalling.signal]) });
  } catch (error) {
    if (stalling.signal.aborted) {
      throw new Refusal(
        408,
        'stalled',
        `less than ${limits.stallBytes} bytes came in ${limits.stallMs} ms; ${sink.position()} are here`,
      );
    }
    // Anything else is the disk's.
    if (signal.aborted || connectionLost.has(codeOf(error))) {
      throw new Refusal(408, 'cut-off', `the connection was lost; ${sink.position()} bytes are here`);
    }
    throw error;
  } finally {
    stop();
  }
}

const connectionLost: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException).code);

const isOfDisk = (error: unknown) => ['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EIO'].includes(codeOf(error));

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

const sizeOf = (path: string) =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );
