/**
 * An object store of the server's, as far as blobs need it. Reading goes batch by batch, as fast as the reader takes it: the
 * library's own reading queues whatever the server sends, a whole object where the disk is slower. Node only.
 */
import { randomUUID } from 'node:crypto';
import { AckPolicy, JetStreamApiError } from '@nats-io/jetstream';
import { type ObjectInfo, Objm, setSha256Backend } from '@nats-io/obj';
import { nanos } from '@nats-io/transport-node';
import type { Nats } from './connection.js';

/** The default, 128 KiB, waits for four times as many confirmations; a message has 1 MiB at most. */
export const CHUNK_BYTES = 512 * 1024;
const CHUNKS_AT_ONCE = 16;

// The other one is JavaScript, and a tenth as fast.
setSha256Backend('native');

/** What comes out of the store is not what was put there. */
export class DamagedObject extends Error {}

export interface Store {
  has(name: string, bytes: number): Promise<boolean>;
  put(name: string, bytes: ReadableStream<Uint8Array>): Promise<void>;
  /** Nothing where there is no such object; the iteration ends with a DamagedObject where parts are missing. */
  read(name: string, bytes: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  remove(name: string): Promise<void>;
  names(): Promise<string[]>;
  /** Removes everything, also parts of objects whose uploader died. */
  empty(): Promise<void>;
}

/** Makes it where it is not there; without `create`, it must be. */
export async function openStore(nats: Nats, bucket: string, create: boolean): Promise<Store> {
  const { jetStream, manager, waits } = nats;
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

  async function* pieces({ nuid, size, chunks }: ObjectInfo): AsyncGenerator<Uint8Array> {
    const name = `read_${randomUUID()}`;
    await manager.consumers.add(stream, {
      name,
      filter_subject: `$O.${bucket}.C.${nuid}`,
      ack_policy: AckPolicy.None,
      inactive_threshold: nanos(4 * waits.natsBatchMs),
      mem_storage: true,
    });
    try {
      const consumer = await jetStream.consumers.get(stream, name);
      let left = size;
      for (let next = 0; left > 0; ) {
        const options = { max_messages: Math.min(CHUNKS_AT_ONCE, chunks - next), expires: waits.natsBatchMs };
        const before = next;
        if (next < chunks) {
          for await (const { data } of await consumer.fetch(options)) {
            next++;
            left -= data.length;
            if (left < 0) throw new DamagedObject(`has more than ${size} bytes`);
            yield data;
          }
        }
        if (next === before) throw new DamagedObject(`lacks ${left} of ${size} bytes`);
      }
    } finally {
      await manager.consumers.delete(stream, name).catch(() => false);
    }
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
