/** The interface to requests for blobs; Node and pages have their own implementation. */
import { z } from 'zod';
import { NoBlobError, TransportError } from '../../error.js';
import { readJson } from './read-json.js';

export interface BlobRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** A response whose headers have arrived; its body must be read or discarded. */
export interface BlobResponse {
  readonly status: number;
  /** A header, by its name in lower case. */
  header(name: string): string | undefined;
  /** The body. @throws when the connection is lost before its end */
  pieces(): AsyncIterable<Uint8Array>;
  discard(): void;
}

/** Sends requests, in Node or in a page. */
export interface BlobRequests {
  /** @throws the error of the connection */
  request(request: BlobRequest, over: AbortSignal): Promise<BlobResponse>;
  /** The error to throw if trying again would not help; undefined otherwise. */
  finalError(error: unknown): TransportError | undefined;
  sha256(bytes: Uint8Array): string | Promise<string>;
  /** Starts a hash of bytes that come in pieces. */
  runningSha256(): RunningSha256;
}

export interface RunningSha256 {
  update(piece: Uint8Array): void;
  /** @param whole all pieces together, for an implementation that can hash only that */
  digest(whole: Uint8Array<ArrayBuffer>): string | Promise<string>;
}

/** How often a wrong hash is tried again before it is an error. */
export const MOST_WRONG_HASHES = 3;

/** Statuses after which another try may succeed. */
const tryAgain: ReadonlySet<number> = new Set([408, 409, 429]);

const refusalSchema = z.object({ error: z.string(), hint: z.string().optional() });

/** The error of a response: final, or one after which another try makes sense. */
export async function errorOfResponse(response: BlobResponse, what: string): Promise<Error> {
  const said = refusalSchema.safeParse(await readJson(response.pieces()));
  const message = `${what} was refused (${response.status}): ${said.data?.error ?? 'no reason was given'}`;
  if (response.status >= 500 || tryAgain.has(response.status)) return new Error(message);
  const hint = said.data?.hint;
  const Final = response.status === 404 ? NoBlobError : TransportError;
  return new Final(`transport: ${message}`, hint === undefined ? {} : { hint });
}
