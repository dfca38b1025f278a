/**
 * Moves blobs through the object store of NATS, for federations without a hub. The coordinator puts
 * its blobs into one store that all may read. A participant puts blobs into a store of its own,
 * which no other participant can read. The coordinator fetches them from there to its disk, checks
 * their hashes, and removes them. If anything fails on the way (a store that lost a part, an
 * uploader that died), the whole blob is sent again. Node only.
 */
import { sha256Of } from '../../../base/node/sha256-of.js';
import type { Blob } from '../../../protocol/blob-name.js';
import { NoBlobError, TransportError } from '../../error.js';
import type { Nats } from '../connection.js';
import { closedError, messageOf } from '../explain.js';
import { blobReplySchema, decode, encode } from '../messages.js';
import { BLOB_REQUEST_BYTES, blobSubject, MODELS_BUCKET, objectName, uploadsBucket } from '../names.js';
import { CHUNK_BYTES, DamagedObject, openStore } from '../object-store.js';

/** Moves the blobs of a participant: through the object store here, or by HTTP to a hub. */
export interface BlobMover {
  /** Resolves when the coordinator has the whole blob. */
  upload(bytes: Uint8Array, known?: Blob): Promise<Blob>;
  /**
   * @throws NoBlobError when the blob is not there; TransportError when the bytes do not have the
   *   hash, however often it is tried
   */
  download(blob: Blob): Promise<Uint8Array>;
}

/** Tries of whole transfers that failed. A server that is away is waited for, however long. */
const TRIES = 5;

export async function objectStoreMover(
  nats: Nats,
  job: string,
  token: string,
  signal: AbortSignal,
): Promise<BlobMover> {
  const uploads = await openStore(nats, uploadsBucket(token), false);
  const models = await openStore(nats, MODELS_BUCKET, false);
  const persist = <Result>(what: string, act: (lost: AbortSignal) => Promise<Result>) =>
    nats.outages.untilDone(what, act, signal);
  let uploading: Promise<unknown> = Promise.resolve();
  return {
    upload(bytes, known) {
      const blob = uploading.then(() => upload(bytes, known));
      uploading = blob.catch(() => undefined);
      return blob;
    },
    async download(blob) {
      for (let tried = 1; ; tried++) {
        const name = objectName(job, blob.sha256);
        const object = await persist('a download', () => models.read(name, blob.bytes));
        if (object === undefined) {
          throw new NoBlobError(`nats: blob ${shortOf(blob)} is not in the object store`);
        }
        const problem = await readAll(object, blob).catch(messageOf);
        if (typeof problem !== 'string') return problem;
        if (signal.aborted) throw closedError();
        if (tried === TRIES) throw wrong(blob, `${problem}, ${tried} times`);
      }
    },
  };

  async function upload(bytes: Uint8Array, known?: Blob): Promise<Blob> {
    const blob = known ?? { sha256: sha256Of(bytes), bytes: bytes.length };
    for (let tried = 0; !(await persist('an upload', () => isHere(blob))); tried++) {
      if (tried === TRIES) throw wrong(blob, `was uploaded ${tried} times, and did not arrive as it was`);
      await persist('an upload', async (lost) => {
        // Uploads run one after another, so anything in the store is left from one that failed.
        await uploads.empty();
        await uploads.put(objectName(job, blob.sha256), streamOf(bytes, lost));
      });
    }
    return blob;
  }

  async function isHere(blob: Blob): Promise<boolean> {
    const reply = await nats.connection.request(blobSubject(job, token), encode(blob), {
      // The coordinator answers after it has fetched the blob. It goes on fetching when it is asked
      // again.
      timeout: nats.waits.natsAskMs,
    });
    const { here, refused } = decode(blobReplySchema, reply.data, 2 * BLOB_REQUEST_BYTES);
    if (refused !== undefined) throw wrong(blob, `is refused by the coordinator: ${refused}`);
    return here;
  }
}

const shortOf = ({ sha256 }: Blob) => `${sha256.slice(0, 12)}…`;

const wrong = (blob: Blob, problem: string) => new TransportError(`nats: blob ${shortOf(blob)} ${problem}`);

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

/**
 * A stream in pieces, so that it can end in the middle: two uploads of one object must not run at
 * the same time.
 */
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
