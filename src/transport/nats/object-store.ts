/**
 * An object store of the server, as far as blobs need it. Chunks are requested one by one, a few
 * ahead, as fast as the reader takes them. The library's own reading queues whatever the server
 * sends, which is a whole object when the disk is slower. It also needs a consumer, and a client
 * that may make one can have it deliver anywhere. Node only.
 */
import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type ObjectInfo, Objm, setSha256Backend } from '@nats-io/obj';
import type { Nats } from './connection.js';

/**
 * The default, 128 KiB, waits for four times as many confirmations; a message has 1 MiB at most.
 */
export const CHUNK_BYTES = 512 * 1024;
const CHUNKS_AHEAD = 8;

// The other one is JavaScript, and a tenth as fast.
setSha256Backend('native');

/** What comes out of the store is not what was put there. */
export class DamagedObject extends Error {}

export interface Store {
  has(name: string, bytes: number): Promise<boolean>;
  put(name: string, bytes: ReadableStream<Uint8Array>): Promise<void>;
  /**
   * Nothing where there is no such object; the iteration ends with a DamagedObject where parts are
   * missing.
   */
  read(name: string, bytes: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
  /** Removes everything, also parts of objects whose uploader died. */
  empty(): Promise<void>;
}

/** Makes it where it is not there; without `create`, it must be. */
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
   * Chunks lie one behind the other: only their coordinator, or their participant, writes here. So
   * some are asked for ahead.
   */
  async function* pieces({ nuid, size, chunks }: ObjectInfo): AsyncGenerator<Uint8Array> {
    const subject = `$O.${bucket}.C.${nuid}`;
    const ahead = new Map<number, Promise<StoredMsg | null>>();
    let left = size;
    for (let seq = 1, found = 1; found <= chunks; found++) {
      let message = (await ahead.get(seq)) ?? null;
      if (message?.subject !== subject) {
        // The server knows it since 2.9; the library's types do not.
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
