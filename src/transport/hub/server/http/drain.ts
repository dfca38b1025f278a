/**
 * Writes a request's body into a file, as far as it arrives. A body that stalls or is cut off is
 * refused. Node only.
 */
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HubLimits } from '../guard/limits.js';
import { watchForStall } from '../guard/stall.js';
import type { BlobSink } from './blob-sink.js';
import { Refusal } from './refusal.js';

/**
 * @param signal aborted when a later request continues the upload
 * @throws Refusal when the body stalls, is cut off, or a later request continues the upload;
 *   otherwise the error of the disk
 */
export async function drain(body: Readable, sink: BlobSink, limits: HubLimits, signal: AbortSignal) {
  const stalling = new AbortController();
  const stop = watchForStall(
    limits,
    // A full buffer means that we wait for our own disk.
    () => (sink.stream.writableNeedDrain ? undefined : sink.position()),
    () => stalling.abort(),
  );
  try {
    await pipeline(body, sink.stream, { signal: AbortSignal.any([signal, stalling.signal]) });
  } catch (error) {
    if (stalling.signal.aborted) {
      throw new Refusal(
        408,
        'stalled',
        `less than ${limits.stallBytes} bytes came in ${limits.stallMs} ms; ${sink.position()} are here`,
      );
    }
    // Any other error comes from the disk.
    if (signal.aborted || connectionLost.has(codeOf(error))) {
      throw new Refusal(408, 'cut-off', `the connection was lost; ${sink.position()} bytes are here`);
    }
    throw error;
  } finally {
    stop();
  }
}

const connectionLost: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
const ofDisk: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EIO']);
const codeOf = (error: unknown) => String((error as NodeJS.ErrnoException).code);

/** Whether the error says that the disk is full, or does not work. */
export const isOfDisk = (error: unknown) => ofDisk.has(codeOf(error));
