/** Requests for blobs to a hub, by the means of Node or of a page, which the caller brings. */
import { z } from 'zod';
import { NoBlobError, TransportError } from '../../error.js';
import { readJson } from './read-json.js';

export interface BlobRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** The headers are there; the body is to be read, or discarded. */
export interface BlobResponse {
  readonly status: number;
  /** By its name in lower case. */
  header(name: string): string | undefined;
  /** The body. @throws when the connection is lost before its end */
  pieces(): AsyncIterable<Uint8Array>;
  discard(): void;
}

/** By the means of Node, or of a page. */
export interface BlobRequests {
  /** @throws what the connection failed with */
  request(request: BlobRequest, over: AbortSignal): Promise<BlobResponse>;
  /** The error for which there is no use in trying again, where it is one. */
  finalError(error: unknown): TransportError | undefined;
  sha256(bytes: Uint8Array): string | Promise<string>;
  /** Of bytes that come in pieces. */
  runningSha256(): RunningSha256;
}

export interface RunningSha256 {
  update(piece: Uint8Array): void;
  /** @param whole all the pieces, for who can hash only that */
  digest(whole: Uint8Array<ArrayBuffer>): string | Promise<string>;
}

/** So often bytes may come that have another hash, before it is an error. */
export const MOST_WRONG_HASHES = 3;

/** A failure that another try may cure, or for which the hub asks for another try. */
const tryAgain: ReadonlySet<number> = new Set([408, 409, 429]);

const refusalSchema = z.object({ error: z.string(), hint: z.string().optional() });

/** An error to be thrown: final, or one after which another try makes sense. */
export async function errorOfResponse(response: BlobResponse, what: string): Promise<Error> {
  const said = refusalSchema.safeParse(await readJson(response.pieces()));
  const message = `${what} was refused (${response.status}): ${said.data?.error ?? 'no reason was given'}`;
  if (response.status >= 500 || tryAgain.has(response.status)) return new Error(message);
  const hint = said.data?.hint;
  const Final = response.status === 404 ? NoBlobError : TransportError;
  return new Final(`transport: ${message}`, hint === undefined ? {} : { hint });
}
