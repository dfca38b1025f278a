/**
 * The coordinator's end of the object store: what participants put there is fetched into the blob folder, checked, and
 * removed from the store; what an assignment names is put there for all. Node only.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Assignment } from '../../../protocol/assignment.js';
import { type Blob, blobSchema } from '../../../protocol/blob-name.js';
import type { Description } from '../../../protocol/description.js';
import { blobsOfAssignment, blobsOfDescription } from '../../../protocol/named-blobs.js';
import type { BroughtBlobs } from '../../brought.js';
import { pendingBlobs, type SettleClaim } from '../../pending-blobs.js';
import type { BlobFolder } from '../../transport.js';
import { reasonOf } from '../explain.js';
import { decode, encode } from '../messages.js';
import {
  BLOB_REQUEST_BYTES,
  blobSubject,
  isReplyTo,
  MODELS_BUCKET,
  objectName,
  uploadsBucket,
} from '../names.js';
import { CHUNK_BYTES, DamagedObject, openStore, type Store } from '../object-store.js';
import type { Lead } from './lead.js';

/** Of each participant, fetched and not announced: as at the hub. */
const PENDING_BYTES = 2 ** 33;
const PENDING_BLOBS = 64;

export interface FetchOptions {
  readonly lead: Lead;
  readonly blobs: BlobFolder;
  readonly description: Description;
  /** Token → name. */
  readonly participants: ReadonlyMap<string, string>;
  /** Larger ones are refused. */
  readonly maximumBytes: number;
  /** The run refers to this blob. */
  holds(sha256: string): boolean;
  readonly brought: BroughtBlobs;
  /** Makes a blob sound that is to be offered. */
  mend(sha256: string): Promise<void>;
  warn(token: string, message: string): void;
}

export interface ObjectStoreEnd {
  /** Is it in the folder now? It is fetched where it is not, once however many ask. */
  fetch(token: string, blob: Blob): Promise<boolean>;
  /** These are in use now. */
  claim(of: readonly Blob[]): SettleClaim;
  /** Puts what the description and the assignment name into the store. */
  offer(assignment: Assignment | undefined, lost: AbortSignal): Promise<void>;
  /** Removes what neither they nor the assignment before name. */
  forget(assignment: Assignment): Promise<void>;
}

/** Makes the stores, and answers participants that ask whether a blob has arrived. */
export async function objectStoreEnd({
  lead,
  blobs,
  description,
  participants,
  maximumBytes,
  holds,
  brought,
  mend,
  warn,
}: FetchOptions): Promise<ObjectStoreEnd> {
  const { connection } = lead.nats;
  const models = await openStore(lead.nats, MODELS_BUCKET, true);
  const uploads = new Map<string, Store>();
  for (const token of participants.keys())
    uploads.set(token, await openStore(lead.nats, uploadsBucket(token), true));
  const fetching = new Map<string, Promise<boolean>>();
  const always = blobsOfDescription(description);
  const isGiven = (sha256: string) => always.some((each) => each.sha256 === sha256);
  const pending = pendingBlobs(PENDING_BYTES, PENDING_BLOBS, (sha256) => isGiven(sha256) || holds(sha256));
  let named: readonly Blob[] = [];

  const requests = connection.subscribe(blobSubject(lead.job, '*'), {
    callback(error, message) {
      if (error !== null || lead.signal.aborted) return;
      const token = message.subject.split('.')[3] ?? '';
      if (!isReplyTo(token, message.reply)) {
        warn(
          token,
          `a question for a blob wants its answer at ${String(message.reply).slice(0, 100)}: left out`,
        );
        return;
      }
      void answer(token, message.data).then(
        (reply) => reply !== undefined && message.respond(encode(reply)),
        // Without an answer, it is asked once more.
        (cause: unknown) => warn(token, `a blob cannot be fetched: ${reasonOf(cause)}`),
      );
    },
  });
  lead.signal.addEventListener('abort', () => requests.unsubscribe(), { once: true });

  async function answer(token: string, data: Uint8Array) {
    if (!participants.has(token)) return { here: false, refused: `"${token}" is not expected` };
    let blob: Blob;
    try {
      blob = decode(blobSchema, data, BLOB_REQUEST_BYTES);
    } catch (error) {
      const refused = `a question for a blob ${reasonOf(error)}`.slice(0, 1000);
      warn(token, refused);
      return { here: false, refused };
    }
    const refused = sizeProblem(blob);
    if (refused === undefined) return { here: await fetch(token, blob) };
    warn(token, refused);
    return { here: false, refused };
  }

  function sizeProblem({ bytes }: Blob): string | undefined {
    if (bytes <= maximumBytes) return undefined;
    return `a blob has ${bytes} bytes, expected at most ${maximumBytes}`;
  }

  function fetch(token: string, blob: Blob): Promise<boolean> {
    const key = `${token} ${blob.sha256}`;
    const before = fetching.get(key);
    if (before !== undefined) return before;
    const now = fetchOnce(token, blob).finally(() => fetching.delete(key));
    fetching.set(key, now);
    return now;
  }

  async function fetchOnce(token: string, blob: Blob): Promise<boolean> {
    const participant = participants.get(token) ?? token;
    if (brought.has(participant, blob.sha256) && (await blobs.has(blob.sha256))) return true;
    const store = uploads.get(token);
    const tooLarge = sizeProblem(blob);
    if (tooLarge !== undefined) {
      warn(token, tooLarge);
      return false;
    }
    const name = objectName(lead.job, blob.sha256);
    const object = await store?.read(name, blob.bytes);
    if (store === undefined || object === undefined) return false;
    const { sha256, bytes } = blob;
    const evicted = pending.reserve(token, sha256, bytes);
    if (evicted === undefined) {
      warn(token, `there are too many blobs that it has not announced: ${sha256.slice(0, 12)}… is to wait`);
      return false;
    }
    for (const { sha256 } of evicted) if (!pending.isInUse(sha256)) await blobs.discard(sha256);
    const part = join(dirname(blobs.pathOf(blob.sha256)), `${randomUUID()}.part`);
    try {
      await receive(object, part, blob);
      await blobs.adopt(part, blob);
      pending.mark(token, sha256, bytes, 'whole');
      brought.add(participant, sha256);
      return true;
    } catch (error) {
      pending.forget(token, sha256);
      if (!(error instanceof DamagedObject)) throw error;
      warn(token, `blob ${blob.sha256.slice(0, 12)}… ${error.message}: it is to be sent once more`);
      return false;
    } finally {
      await rm(part, { force: true });
      // On the disk now, or worth nothing; what is left by a lost connection is replaced by the next upload.
      await store.remove(name).catch(() => undefined);
    }
  }

  return {
    fetch,
    claim: (of) => pending.claim(of.map(({ sha256 }) => sha256)),
    async offer(assignment, lost) {
      const of = assignment === undefined ? [] : blobsOfAssignment(assignment);
      for (const { sha256, bytes } of [...always, ...of]) {
        const name = objectName(lead.job, sha256);
        if (await models.has(name, bytes)) continue;
        if (!(await blobs.isSound(sha256))) await mend(sha256);
        const file = createReadStream(blobs.pathOf(sha256), { highWaterMark: CHUNK_BYTES, signal: lost });
        await models.put(name, Readable.toWeb(file) as ReadableStream<Uint8Array>);
      }
    },
    async forget(assignment) {
      const now = blobsOfAssignment(assignment);
      if (now.length === 0) return;
      const kept = new Set([...always, ...named, ...now].map(({ sha256 }) => objectName(lead.job, sha256)));
      named = now;
      for (const name of await models.names()) {
        if (name.startsWith(objectName(lead.job, '')) && !kept.has(name)) await models.remove(name);
      }
    },
  };
}

/** Writes an object into a file, synced. @throws DamagedObject when its bytes are not those of the hash */
async function receive(object: AsyncIterable<Uint8Array>, path: string, blob: Blob): Promise<void> {
  const hash = createHash('sha256');
  const file = await open(path, 'wx');
  try {
    for await (const piece of object) {
      hash.update(piece);
      await file.write(piece);
    }
    if (hash.digest('hex') !== blob.sha256) throw new DamagedObject('has other bytes than its SHA-256 says');
    await file.sync();
  } finally {
    await file.close();
  }
}
