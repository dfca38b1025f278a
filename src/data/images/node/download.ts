/**
 * Downloads one file over HTTP into memory, with timeouts: a dead connection is noticed in seconds,
 * a slow one is not given up.
 */
import type { TransferProgress } from '../../progress.js';

export interface DownloadOptions {
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds until the first byte of the answer. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds between two pieces. */
  readonly stallTimeoutMs?: number;
  /** Bytes; longer answers are cut off. */
  readonly maxBytes?: number;
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The body of `url`.
 * @throws Error with one line that says what failed: no connection, a status other than 200, a
 * stall, a short body.
 */
export async function download(
  url: string,
  what: string,
  options: DownloadOptions = {},
): Promise<Uint8Array> {
  const {
    connectTimeoutMs = 5_000,
    stallTimeoutMs = 20_000,
    maxBytes = 2 ** 31,
    signal,
    onProgress,
  } = options;
  const abort = new AbortController();
  const cancel = () => abort.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', cancel, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const expectWithin = (milliseconds: number, failure: string) => {
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error(failure)), milliseconds);
  };
  try {
    expectWithin(connectTimeoutMs, `no answer within ${connectTimeoutMs / 1000} s`);
    const response = await (options.fetch ?? fetch)(url, { signal: abort.signal });
    if (response.status !== 200 || response.body === null) {
      abort.abort();
      throw new Error(`the answer is HTTP ${response.status}`);
    }
    // With a content encoding, Content-Length does not count the bytes that arrive here.
    const declared = response.headers.has('content-encoding') ? null : response.headers.get('content-length');
    const totalBytes = declared === null ? undefined : Number(declared);
    const pieces: Uint8Array[] = [];
    let receivedBytes = 0;
    const reader = response.body.getReader();
    for (;;) {
      expectWithin(stallTimeoutMs, `nothing arrived for ${stallTimeoutMs / 1000} s`);
      const { done, value } = await reader.read();
      if (done) break;
      pieces.push(value);
      receivedBytes += value.length;
      if (receivedBytes > maxBytes) {
        abort.abort();
        throw new Error(`the answer is longer than ${maxBytes} bytes`);
      }
      onProgress?.({ what, receivedBytes, ...(totalBytes === undefined ? {} : { totalBytes }) });
    }
    if (totalBytes !== undefined && receivedBytes !== totalBytes) {
      throw new Error(`${receivedBytes} of ${totalBytes} bytes arrived`);
    }
    return Buffer.concat(pieces);
  } catch (error) {
    throw abort.signal.aborted && abort.signal.reason instanceof Error && !isPlainAbort(abort.signal.reason)
      ? abort.signal.reason
      : new Error(networkReason(error), { cause: error });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** An abort without a reason says less than the error that follows it. */
function isPlainAbort(reason: Error): boolean {
  return reason.name === 'AbortError';
}

/**
 * fetch says only "fetch failed" and keeps the reason in its cause, which may hold one error for
 * each address that was tried.
 */
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return networkReason(error.cause.errors[0]);
  if (error.cause instanceof Error) return networkReason(error.cause);
  return error.message;
}
