/**
 * Blobs by NATS alone: its object store, for federations without a hub. The coordinator puts what it hands out into one
 * store that all may read. A participant puts into a store of its own, which no other participant can read; the coordinator
 * fetches it from there onto its disk, checks it by its hash, and removes it. Whatever goes wrong on the way (a store of
 * the server's that lost a part, an uploader that died), the answer is: once more, the whole. Node only.
 */
import { JetStreamApiError } from '@nats-io/jetstream';
import { type ObjectStore, Objm, setSha256Backend } from '@nats-io/obj';
import type { Blob } from '../../protocol/blob-name.js';
import { sha256Of } from '../blob-folder.js';
import { TransportError } from '../error.js';
import type { Nats } from './connection.js';
import { closedError, reasonOf } from './explain.js';
import { blobReplySchema, decode, encode } from './messages.js';
import { BLOB_REQUEST_BYTES, blobSubject, MODELS_BUCKET, objectName, uploadsBucket } from './names.js';

/** What moves the blobs of a participant: the object store here, or HTTP to a hub. */
export interface BlobMover {
  /** Resolves when the coordinator has all of it. */
  upload(bytes: Uint8Array): Promise<Blob>;
  /** @throws TransportError when what came is not what the hash says, however often it is tried */
  download(blob: Blob): Promise<Uint8Array>;
}

/** The server's own default, 128 KiB, waits for four times as many confirmations; its messages are of 1 MiB at most. */
export const CHUNK_BYTES = 512 * 1024;
/** The coordinator answers after it has fetched: it goes on with that when it is asked once more. */
const ASK_MS = 10_000;
const SILENCE_MS = 15_000;
/** Of whole transfers that came out wrong; a server that is away is waited for, however long. */
const TRIES = 5;

// The other one is JavaScript, and a tenth as fast.
setSha256Backend('native');

export async function objectStoreMover(
  nats: Nats,
  job: string,
  token: string,
  signal: AbortSignal,
): Promise<BlobMover> {
  const objects = new Objm(nats.jetStream);
  const uploads = await objects.open(uploadsBucket(token), false);
  const models = await objects.open(MODELS_BUCKET, false);
  let uploading: Promise<unknown> = Promise.resolve();
  return {
    upload(bytes) {
      const blob = uploading.then(() => upload(bytes));
      uploading = blob.catch(() => undefined);
      return blob;
    },
    async download(blob) {
      const name = objectName(job, blob.sha256);
      const short = `${blob.sha256.slice(0, 12)}…`;
      for (let tried = 1; ; tried++) {
        const object = await nats.outages.untilDone(
          'a download',
          () => openObject(models, name, blob.bytes),
          signal,
        );
        if (object === undefined) {
          throw new TransportError(
            `nats: blob ${short} is not in the object store: it was replaced meanwhile`,
          );
        }
        const problem = await readAll(object, blob).catch(reasonOf);
        if (typeof problem !== 'string') return problem;
        if (signal.aborted) throw closedError();
        if (tried === TRIES) throw new TransportError(`nats: blob ${short} ${problem}, ${tried} times`);
      }
    },
  };

  async function upload(bytes: Uint8Array): Promise<Blob> {
    const blob = { sha256: sha256Of(bytes), bytes: bytes.length };
    for (let tried = 0; !(await nats.outages.untilDone('an upload', () => isHere(blob), signal)); tried++) {
      if (tried === TRIES) {
        throw new TransportError(
          `nats: blob ${blob.sha256.slice(0, 12)}… was uploaded ${tried} times, and did not arrive as it was`,
        );
      }
      await nats.outages.untilDone('an upload', (lost) => put(blob.sha256, bytes, lost), signal);
    }
    return blob;
  }

  async function isHere(blob: Blob): Promise<boolean> {
    const reply = await nats.connection.request(blobSubject(job, token), encode(blob), { timeout: ASK_MS });
    const { here, refused } = decode(blobReplySchema, reply.data, BLOB_REQUEST_BYTES * 2);
    if (refused !== undefined) throw new TransportError(`nats: the coordinator refuses a blob: ${refused}`);
    return here;
  }

  async function put(sha256: string, bytes: Uint8Array, lost: AbortSignal): Promise<void> {
    // One upload after another: what lies there is left of one that failed, or whose uploader died.
    await nats.manager.streams.purge(`OBJ_${uploadsBucket(token)}`);
    await putObject(uploads, objectName(job, sha256), streamOf(bytes, lost));
  }
}

export const putObject = (store: ObjectStore, name: string, bytes: ReadableStream<Uint8Array>) =>
  store.put({ name, options: { max_chunk_size: CHUNK_BYTES } }, bytes);

/** The bytes of an object piece by piece, or nothing where there is none of that name and size. */
export async function openObject(
  store: ObjectStore,
  name: string,
  bytes: number,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const info = await infoOf(store, name);
  if (info === undefined || info.size !== bytes) return undefined;
  const object = await store.get(name);
  if (object === null) return undefined;
  // That it failed is told by the stream as well.
  object.error.catch(() => undefined);
  return pieces(object.data, bytes);
}

/** Ends with an error where the store falls silent: a part that is missing never comes. */
async function* pieces(stream: ReadableStream<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let left = bytes;
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read()).catch((error: unknown) => {
        throw new DamagedObject(reasonOf(error));
      });
      if (done) return;
      left -= value.length;
      if (left < 0) throw new DamagedObject(`has more than ${bytes} bytes`);
      yield value;
    }
  } finally {
    // What was read enough, or not at all, is not sent any more.
    await reader.cancel().catch(() => undefined);
  }
}

/** What came out of the store is not what was put there. */
export class DamagedObject extends Error {}

async function inTime<Result>(act: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`did not go on for ${SILENCE_MS} ms`)), SILENCE_MS);
  });
  try {
    return await Promise.race([act, silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(object: AsyncIterable<Uint8Array>, blob: Blob): Promise<Uint8Array> {
  const all = new Uint8Array(blob.bytes);
  let at = 0;
  for await (const piece of object) {
    all.set(piece, at);
    at += piece.length;
  }
  if (sha256Of(all) !== blob.sha256) throw new DamagedObject('has other bytes than its SHA-256 says');
  return all;
}

/** Nothing where there is none, or it was removed. */
export async function infoOf(store: ObjectStore, name: string) {
  try {
    const info = await store.info(name);
    return info === null || info.deleted ? undefined : info;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  }
}

/** In pieces, so that it can end in the middle: two uploads of one object must not go on side by side. */
function streamOf(bytes: Uint8Array, lost: AbortSignal): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (lost.aborted) controller.error(lost.reason);
      else if (at >= bytes.length) controller.close();
      else {
        controller.enqueue(bytes.subarray(at, at + CHUNK_BYTES));
        at += CHUNK_BYTES;
      }
    },
  });
}
