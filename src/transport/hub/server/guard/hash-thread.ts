/**
 * Hashes growing files (SHA-256) beside the thread that writes them. Hashing costs as much as
 * receiving, and a hub receives from many participants at once. The hash of a file's beginning
 * stays known when the file stops growing. So no byte is hashed twice when an upload is resumed
 * again and again behind a large part. Node only.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import type { HashAnswer, HashOrder } from './hash-worker.js';

export interface HashThread {
  /**
   * Follows a file that grows after its first `offset` bytes, one at a time for each path. With 0
   * it is a new file.
   */
  follow(path: string, offset: number): GrowingHash;
  close(): Promise<void>;
}

export interface GrowingHash {
  /** The file has this many bytes now. */
  grown(bytes: number): void;
  /** The hash of the whole file, which has this many bytes. */
  digest(bytes: number): Promise<string>;
  /** The file does not grow any more for now. */
  leave(): void;
}

/** The state of a file until its hash is known. */
interface Following {
  /** The error of a hash that failed before it was asked for. */
  error?: Error;
  waiting?: { resolve(sha256: string): void; reject(error: Error): void };
}

/** Fewer bytes are not worth a message. */
const stepBytes = 2 ** 22;

/** @param keepsAlive whether the process stays alive until the thread is closed */
export function hashThread(keepsAlive = false): HashThread {
  let worker: Worker | undefined;
  let nextId = 0;
  const following = new Map<number, Following>();

  const fail = (id: number, error: Error) => {
    const one = following.get(id);
    if (one?.waiting !== undefined) one.waiting.reject(error);
    else if (one !== undefined) one.error = error;
  };
  /** Starts with the first file. Workers are compiled modules and need no hooks of this process. */
  const start = () => {
    const started = new Worker(createRequire(import.meta.url).resolve('#hash-worker'), { execArgv: [] });
    started.on('message', (answer: HashAnswer) => {
      if ('error' in answer) fail(answer.id, answer.error);
      else following.get(answer.id)?.waiting?.resolve(answer.sha256);
    });
    const end = (error: Error) => {
      if (worker === started) worker = undefined;
      for (const id of following.keys()) fail(id, error);
    };
    started.on('error', end);
    started.on('exit', () => end(new Error('the thread that hashes has ended')));
    if (!keepsAlive) started.unref();
    return started;
  };
  const order = (message: HashOrder) => {
    worker ??= start();
    worker.postMessage(message);
  };
  return {
    follow(path, offset) {
      const mine: Following = {};
      const id = nextId++;
      following.set(id, mine);
      let told = offset;
      if (offset === 0 && worker !== undefined) order({ type: 'forget', path });
      const read = (upTo: number, last: boolean) => {
        told = upTo;
        order({ type: 'read', id, path, upTo, last });
      };
      return {
        grown(bytes) {
          if (bytes - told >= stepBytes) read(bytes, false);
        },
        digest: (bytes) =>
          new Promise((resolve, reject) => {
            if (mine.error !== undefined) {
              reject(mine.error);
              return;
            }
            mine.waiting = { resolve, reject };
            read(bytes, true);
          }),
        leave: () => void following.delete(id),
      };
    },
    async close() {
      await worker?.terminate();
    },
  };
}
