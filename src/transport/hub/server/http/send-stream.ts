/** Sends a body, which is read only as fast as the other side takes it. Node only. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/**
 * @returns the bytes sent; fewer than there are when the connection was lost
 * @throws what the source throws
 */
export async function sendStream(
  source: Readable,
  { socket }: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  // Nothing is read for a client that is gone.
  if (response.destroyed) {
    source.destroy();
    return 0;
  }
  const before = socket.bytesWritten;
  let failure: unknown;
  source.once('error', (error) => {
    // A lost connection ends the source, which is no failure of the source.
    if (!response.destroyed) failure = error;
  });
  try {
    await pipeline(source, response);
  } catch {
    if (failure !== undefined) throw failure;
  }
  return socket.bytesWritten - before;
}

/** Sends bytes in pieces, since TLS copies everything that is written at once. */
export function sendBytes(
  bytes: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  return sendStream(Readable.from(pieces(bytes)), request, response);
}

function* pieces(bytes: Uint8Array): Iterable<Uint8Array> {
  const size = 2 ** 16;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
