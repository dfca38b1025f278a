/**
 * Sends a blob, streamed from its file, as a whole or a range of it (RFC 9110, section 14). Node
 * only.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BufferBudget } from '../guard/buffer-budget.js';
import { Refusal } from './refusal.js';
import { sendStream } from './send-stream.js';

/** @returns the bytes sent; fewer than asked for when the connection was lost */
export async function sendBlob(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  buffers: BufferBudget,
): Promise<number> {
  const { size } = await stat(path);
  const { start, end, partial } = rangeOf(request.headers.range, size);
  response.writeHead(partial ? 206 : 200, {
    'content-type': 'application/octet-stream',
    'content-length': end - start + 1,
    'accept-ranges': 'bytes',
    'cache-control': 'no-store',
    ...(partial && { 'content-range': `bytes ${start}-${end}/${size}` }),
  });
  const highWaterMark = buffers.take();
  try {
    return await sendStream(createReadStream(path, { start, end, highWaterMark }), request, response);
  } finally {
    buffers.release();
  }
}

/** Reads `bytes=from-` and `bytes=from-to`. For any other form the standard allows the whole. */
function rangeOf(header: string | undefined, size: number) {
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (from === undefined) return { start: 0, end: size - 1, partial: false };
  const start = Number(from);
  const end = to === undefined || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (start > end) throw new Refusal(416, 'range', `the blob has ${size} bytes, and ${header} was asked for`);
  return { start, end, partial: true };
}
