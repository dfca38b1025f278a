/**
 * Requests of a page for blobs, by fetch. It tells neither how far an upload is nor that a connection is dead, which a page
 * that was asleep would wait on for long; but messages have their heartbeat. So whenever those had to connect again,
 * what is under way is begun again, where it was. For pages.
 */
import { sha256Hex } from '../../tensor/sha256.js';
import { TransportError } from '../error.js';
import type { BlobRequests } from './blob-mover.js';
import type { HubPlace } from './parse-address.js';

export interface PageRequests extends BlobRequests {
  /** Ends what is under way, to be tried again. */
  reconnect(): void;
}

export function pageRequests({ url, token }: HubPlace): PageRequests {
  const underWay = new Set<AbortController>();
  return {
    async request({ method, path, headers, body }, over) {
      const ending = new AbortController();
      const end = () => ending.abort(over.reason);
      const done = () => {
        over.removeEventListener('abort', end);
        underWay.delete(ending);
      };
      over.addEventListener('abort', end);
      if (over.aborted) end();
      underWay.add(ending);
      try {
        const response = await fetch(new URL(path, url), {
          method,
          headers: { ...headers, authorization: `Bearer ${token}` },
          ...(body && { body: unshared(body) }),
          signal: ending.signal,
          cache: 'no-store',
          credentials: 'omit',
          redirect: 'error',
        });
        return {
          status: response.status,
          header: (name) => response.headers.get(name) ?? undefined,
          pieces: () => piecesOf(response, url, done),
          discard() {
            done();
            response.body?.cancel().catch(() => undefined);
          },
        };
      } catch (error) {
        done();
        throw inWords(error, url);
      }
    },
    finalError: (error) => (error instanceof TransportError ? error : undefined),
    sha256: (bytes) => sha256Hex(unshared(bytes)),
    // Web Crypto hashes what is whole.
    runningSha256: () => ({ update: () => {}, digest: sha256Hex }),
    reconnect() {
      for (const each of underWay) each.abort(new Error(`the connection to ${url.host} was made anew`));
    },
  };
}

async function* piecesOf({ body }: Response, url: URL, done: () => void): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  try {
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) {
      yield next.value;
    }
  } catch (error) {
    throw inWords(error, url);
  } finally {
    done();
    reader?.cancel().catch(() => undefined);
  }
}

/** All that fetch says is "Failed to fetch". */
const inWords = (error: unknown, url: URL) =>
  error instanceof TypeError
    ? new Error(`${url.host} cannot be reached, or the connection was lost`, { cause: error })
    : error;

/** Neither fetch nor Web Crypto takes memory that is shared. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
