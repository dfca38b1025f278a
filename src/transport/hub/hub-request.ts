/** One request to a hub, its body in pieces. Node only. */
import { type IncomingMessage, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HubAddress } from './hub-address.js';

export interface HubRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The headers are there; the body is to be read. */
export type HubResponse = IncomingMessage & { readonly statusCode: number };

const pieceBytes = 2 ** 20;
/** Nothing moved for so long: the connection is dead. A hub that syncs a large blob which it is asked for is silent for a while. */
const silentMs = 60_000;

/** @throws what the connection failed with */
export async function hubRequest(
  { url, agent, token }: HubAddress,
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
  outgoing.setTimeout(silentMs, () => outgoing.destroy(new Error(`no answer for ${silentMs / 1000} s`)));
  const response = new Promise<HubResponse>((resolve, reject) => {
    outgoing.once('response', (incoming) => resolve(incoming as HubResponse));
    outgoing.on('error', reject);
  });
  if (body === undefined || body.length === 0) outgoing.end();
  // An answer may come before the end, such as a refusal: then that is what counts.
  else void pipeline(Readable.from(piecesOf(body)), outgoing).catch(() => undefined);
  return response;
}

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
