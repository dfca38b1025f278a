/**
 * A page's requests for blobs, by fetch. Fetch does not report the progress of an upload or a dead
 * connection, and a page that was asleep would wait for long. But messages have a heartbeat. So
 * whenever the messages reconnect, running transfers are aborted and resumed. For pages.
 */
import { sha256Hex } from '../../../../base/sha256.js';
import { TransportError } from '../../../error.js';
import { defaultWaits, SilenceError, type Waits } from '../../../waits.js';
import type { BlobRequests } from '../blob-requests.js';
import type { HubLogin } from '../parse-address.js';

export interface PageRequests extends BlobRequests {
  /** Aborts running requests, to be tried again. */
  reconnect(): void;
}

/**
 * The slowest rate that an upload is given, since fetch reports nothing until the answer: a
 * thousand bytes a second.
 */
const BYTES_PER_MS = 1;

export function pageRequests({ url, token }: HubLogin, waits: Partial<Waits> = {}): PageRequests {
  const { silentMs } = { ...defaultWaits, ...waits };
  const underWay = new Set<AbortController>();
  return {
    async request({ method, path, headers, body }, over) {
      const ending = new AbortController();
      const end = () => ending.abort(over.reason);
      let waiting: ReturnType<typeof setTimeout> | undefined;
      /** Aborts the request if nothing arrives. */
      const expect = (ms: number) => {
        clearTimeout(waiting);
        waiting = setTimeout(() => ending.abort(new SilenceError(`${url.host} was silent`, ms)), ms);
      };
      const done = () => {
        clearTimeout(waiting);
        over.removeEventListener('abort', end);
        underWay.delete(ending);
      };
      over.addEventListener('abort', end);
      if (over.aborted) end();
      underWay.add(ending);
      try {
        expect(silentMs + (body?.length ?? 0) / BYTES_PER_MS);
        const response = await fetch(new URL(path, url), {
          method,
          headers: { ...headers, authorization: `Bearer ${token}` },
          ...(body && { body: unshared(body) }),
          signal: ending.signal,
          cache: 'no-store',
          credentials: 'omit',
          redirect: 'error',
        });
        clearTimeout(waiting);
        return {
          status: response.status,
          header: (name) => response.headers.get(name) ?? undefined,
          pieces: () => piecesOf(response, url, () => expect(silentMs), done),
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
    // Web Crypto can hash only whole bytes.
    runningSha256: () => ({ update: () => {}, digest: sha256Hex }),
    reconnect() {
      for (const each of underWay) each.abort(new Error(`the connection to ${url.host} was made anew`));
    },
  };
}

async function* piecesOf(
  { body }: Response,
  url: URL,
  expect: () => void,
  done: () => void,
): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  const read = () => {
    expect();
    return reader?.read();
  };
  try {
    for (let next = await read(); next?.value !== undefined; next = await read()) yield next.value;
  } catch (error) {
    throw inWords(error, url);
  } finally {
    done();
    reader?.cancel().catch(() => undefined);
  }
}

/** An error in words, since fetch says only "Failed to fetch". */
const inWords = (error: unknown, url: URL) =>
  error instanceof TypeError
    ? new Error(`${url.host} cannot be reached, or the connection was lost`, { cause: error })
    : error;

/** A copy of bytes in shared memory, which neither fetch nor Web Crypto accepts. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
