/**
 * Fetches blobs from the object store into the folder, checks them against their hashes, and
 * removes them from the store. Node only.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Blob } from '../../../protocol/blob-name.js';
import type { BroughtBlobs } from '../../brought.js';
import type { PendingBlobs } from '../../pending-blobs.js';
import type { BlobFolder } from '../../transport.js';
import { objectName } from '../names.js';
import { DamagedObject, type Store } from '../object-store.js';
import type { NatsLead } from './lead.js';

export interface FetchOptions {
  readonly lead: NatsLead;
  readonly blobs: BlobFolder;
  /** Token → name. */
  readonly participants: ReadonlyMap<string, string>;
  /** The store of each participant, by its token. */
  readonly uploads: ReadonlyMap<string, Store>;
  /** The blobs that were fetched and not announced yet. */
  readonly pending: PendingBlobs;
  /** Larger blobs are refused. */
  readonly maximumBytes: number;
  readonly brought: BroughtBlobs;
  warn(token: string, message: string): void;
}

/** Fetches a blob into the folder, once however many ask. @returns whether it is there now */
export type FetchBlob = (token: string, blob: Blob) => Promise<boolean>;

export function blobFetcher(options: FetchOptions): FetchBlob {
  const { participants, brought, blobs } = options;
  const running = new Map<string, Promise<boolean>>();

  async function fetch(token: string, blob: Blob): Promise<boolean> {
    const participant = participants.get(token) ?? token;
    if (brought.has(participant, blob.sha256) && (await blobs.has(blob.sha256))) return true;
    return fetchObject(options, token, participant, blob);
  }

  return (token, blob) => {
    const key = `${token} ${blob.sha256}`;
    const before = running.get(key);
    if (before !== undefined) return before;
    const now = fetch(token, blob).finally(() => running.delete(key));
    running.set(key, now);
    return now;
  };
}

/** @returns whether the blob is in the folder now */
async function fetchObject(
  { lead, blobs, uploads, pending, brought, maximumBytes, warn }: FetchOptions,
  token: string,
  participant: string,
  blob: Blob,
): Promise<boolean> {
  const { sha256, bytes } = blob;
  const store = uploads.get(token);
  const tooLarge = sizeProblem(blob, maximumBytes);
  if (tooLarge !== undefined) {
    warn(token, tooLarge);
    return false;
  }
  const name = objectName(lead.job, sha256);
  const object = await store?.read(name, bytes);
  if (store === undefined || object === undefined) return false;
  const evicted = pending.reserve(token, sha256, bytes);
  if (evicted === undefined) {
    warn(token, `there are too many blobs that it has not announced: ${sha256.slice(0, 12)}… is to wait`);
    return false;
  }
  for (const { sha256 } of evicted) if (!pending.isInUse(sha256)) await blobs.discard(sha256);
  const part = join(dirname(blobs.pathOf(sha256)), `${randomUUID()}.part`);
  try {
    await receive(object, part, blob);
    await blobs.adopt(part, blob);
    pending.mark(token, sha256, bytes, 'whole');
    brought.add(participant, sha256);
    return true;
  } catch (error) {
    pending.forget(token, sha256);
    if (!(error instanceof DamagedObject)) throw error;
    warn(token, `blob ${sha256.slice(0, 12)}… ${error.message}: it is to be sent once more`);
    return false;
  } finally {
    await rm(part, { force: true });
    // The blob is on the disk now, or is invalid. If the removal fails, the next upload replaces
    // it.
    await store.remove(name).catch(() => undefined);
  }
}

/** Why a blob is too large; undefined if it is not. */
export function sizeProblem({ bytes }: Blob, maximumBytes: number): string | undefined {
  if (bytes <= maximumBytes) return undefined;
  return `a blob has ${bytes} bytes, expected at most ${maximumBytes}`;
}

/**
 * Writes an object into a file, synced. @throws DamagedObject when its bytes do not have the hash
 */
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
