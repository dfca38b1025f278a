/** A body on its way out: read as fast as the other side takes it, and no further; who does not take it is cut. Node only. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type StallLimits, watchForStall } from './stall.js';

/**
 * @returns bytes sent; fewer than there are when the connection was lost
 * @throws what the source throws
 */
export async function sendStream(
  source: Readable,
  { socket }: IncomingMessage,
  response: ServerResponse,
  limits: StallLimits,
): Promise<number> {
  const before = socket.bytesWritten;
  const stop = watchForStall(
    limits,
    () => socket.bytesWritten,
    () => response.destroy(),
  );
  let failure: unknown;
  source.once('error', (error) => {
    failure = error;
  });
  try {
    await pipeline(source, response);
  } catch {
    if (failure !== undefined) throw failure;
  } finally {
    stop();
  }
  return socket.bytesWritten - before;
}

/** In pieces: TLS would have a copy of what is written at once. */
export function sendBytes(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
  limits: StallLimits,
): Promise<number> {
  return sendStream(Readable.from(pieces(bytes)), request, response, limits);
}

function* pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  const size = 2 ** 19;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
