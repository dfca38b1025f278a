/**
 * A page's requests for blobs, by fetch. Fetch does not report how far an upload is, nor that a
 * connection is dead, and a page that was asleep would wait on such a connection for long. But
 * messages have their heartbeat. So whenever messages had to reconnect, the transfers under way are
 * begun again, where they were. For pages.
 */
import { sha256Hex } from '../../../../base/sha256.js';
import { TransportError } from '../../../error.js';
import { defaultWaits, SilenceError, type Waits } from '../../../waits.js';
import type { BlobRequests } from '../blob-requests.js';
import type { HubLogin } from '../parse-address.js';

export interface PageRequests extends BlobRequests {
  /** Ends what is under way, to be tried again. */
  reconnect(): void;
}

/** An upload is not heard of until it is answered: a thousand bytes a second at least. */
const BYTES_PER_MS = 1;

export function pageRequests({ url, token }: HubLogin, waits: Partial<Waits> = {}): PageRequests {
  const { silentMs } = { ...defaultWaits, ...waits };
  const underWay = new Set<AbortController>();
  return {
    async request({ method, path, headers, body }, over) {
      const ending = new AbortController();
      const end = () => ending.abort(over.reason);
      let waiting: ReturnType<typeof setTimeout> | undefined;
      /** Ends it where nothing is heard. */
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
    // Web Crypto hashes what is whole.
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

/** All that fetch says is "Failed to fetch". */
const inWords = (error: unknown, url: URL) =>
  error instanceof TypeError
    ? new Error(`${url.host} cannot be reached, or the connection was lost`, { cause: error })
    : error;

/** Neither fetch nor Web Crypto takes memory that is shared. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
