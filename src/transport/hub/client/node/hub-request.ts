/** One request to a hub, its body in pieces. Node only. */
import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { SilenceError } from '../../../waits.js';
import type { HubAddress } from './hub-address.js';

export interface HubRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A response whose headers have arrived; its body must be read. */
export type HubResponse = IncomingMessage & { readonly statusCode: number };

const pieceBytes = 2 ** 20;

/** @throws the error of the connection, or the signal's reason */
export async function hubRequest(
  { url, agent, token, waits: { silentMs } }: HubAddress,
  { method, path, headers, body }: HubRequest,
  signal: AbortSignal,
): Promise<HubResponse> {
  const send = url.protocol === 'https:' ? secureRequest : request;
  const outgoing = send(new URL(path, url), {
    method,
    agent,
    signal,
    headers: {
      authorization: `Bearer ${token}`,
      ...headers,
      ...(body !== undefined && { 'content-length': `${body.length}` }),
    },
  });
  // Nothing moved for this long, so the connection is dead.
  outgoing.setTimeout(silentMs, () => {
    const silence = new SilenceError(`${url.host} was silent`, silentMs);
    outgoing.destroy(silence);
    // Gives the reader of the body the reason of the end.
    answered?.destroy(silence);
  });
  let answered: HubResponse | undefined;
  const response = new Promise<HubResponse>((resolve, reject) => {
    // A request without a connection yet does not report that it was aborted.
    const giveUp = () => reject(signal.reason);
    const settled = () => signal.removeEventListener('abort', giveUp);
    signal.addEventListener('abort', giveUp);
    outgoing.once('response', (incoming) => {
      settled();
      answered = incoming as HubResponse;
      resolve(answered);
    });
    outgoing.on('error', (error) => {
      settled();
      reject(error);
    });
    if (signal.aborted) giveUp();
  });
  if (body === undefined || body.length === 0) outgoing.end();
  // An answer, such as a refusal, may come before the body was sent; then the answer counts.
  else void pipeline(Readable.from(piecesOf(body)), outgoing).catch(() => undefined);
  return response;
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
