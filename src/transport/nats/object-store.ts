/**
 * An object store of the server, with the operations that blobs need. Chunks are requested one by
 * one, a few ahead, as fast as the reader takes them. The library's own reading queues everything
 * that the server sends, up to a whole object if the disk is slower. It also needs a consumer, and
 * a client that may make one can have it deliver to any subject. Node only.
 */
import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type ObjectInfo, Objm, setSha256Backend } from '@nats-io/obj';
import type { Nats } from './connection.js';

/**
 * With the default, 128 KiB, there are four times as many confirmations to wait for; a message has
 * 1 MiB at most.
 */
export const CHUNK_BYTES = 512 * 1024;
const CHUNKS_AHEAD = 8;

// The other backend is JavaScript, and a tenth as fast.
setSha256Backend('native');

/** An object in the store is damaged. */
export class DamagedObject extends Error {}

export interface Store {
  has(name: string, bytes: number): Promise<boolean>;
  put(name: string, bytes: ReadableStream<Uint8Array>): Promise<void>;
  /**
   * Undefined if there is no such object. The iteration throws a DamagedObject if parts are
   * missing.
   */
  read(name: string, bytes: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
  /** Removes everything, including parts of objects whose uploader died. */
  empty(): Promise<void>;
}

/** Opens the store. With `create`, makes it if it is not there. */
export async function openStore(nats: Nats, bucket: string, create: boolean): Promise<Store> {
  const { jetStream, manager } = nats;
  const objects = new Objm(jetStream);
  const store = await (create ? objects.create(bucket) : objects.open(bucket, false));
  const stream = `OBJ_${bucket}`;

  async function infoOf(name: string, bytes: number): Promise<ObjectInfo | undefined> {
    try {
      const info = await store.info(name);
      return info === null || info.deleted || info.size !== bytes ? undefined : info;
    } catch (error) {
      if (error instanceof JetStreamApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Reads chunks, some of them ahead. They lie one after the other, since only one coordinator or
   * participant writes here.
   */
  async function* pieces({ nuid, size, chunks }: ObjectInfo): AsyncGenerator<Uint8Array> {
    const subject = `$O.${bucket}.C.${nuid}`;
    const ahead = new Map<number, Promise<StoredMsg | null>>();
    let left = size;
    for (let seq = 1, found = 1; found <= chunks; found++) {
      let message = (await ahead.get(seq)) ?? null;
      if (message?.subject !== subject) {
        // The server supports this since 2.9; the library's types do not have it.
        const next = { next_by_subj: subject, seq };
        message = await manager.streams.getMessage(stream, next);
      }
      if (message === null) break;
      ahead.delete(seq);
      seq = message.seq + 1;
      for (let next = seq; next < seq + Math.min(CHUNKS_AHEAD, chunks - found); next++) {
        if (ahead.has(next)) continue;
        const asked = manager.streams.getMessage(stream, { seq: next });
        asked.catch(() => undefined);
        ahead.set(next, asked);
      }
      left -= message.data.length;
      if (left < 0) throw new DamagedObject(`has more than ${size} bytes`);
      yield message.data;
    }
    if (left > 0) throw new DamagedObject(`lacks ${left} of ${size} bytes`);
  }

  return {
    has: async (name, bytes) => (await infoOf(name, bytes)) !== undefined,
    async put(name, bytes) {
      await store.put({ name, options: { max_chunk_size: CHUNK_BYTES } }, bytes);
    },
    async read(name, bytes) {
      const info = await infoOf(name, bytes);
      return info === undefined ? undefined : pieces(info);
    },
    async remove(name) {
      await store.delete(name);
    },
    names: async () => (await store.list()).map(({ name }) => name),
    async empty() {
      await manager.streams.purge(stream);
    },
  };
}
