/**
 * Blobs to a hub and from it, by a participant: tried again until they are there, each time from where the last try ended,
 * and checked against their hashes. The same in Node and in a page: whoever calls brings the requests.
 */
import { z } from 'zod';
import type { Blob } from '../../../protocol/blob-name.js';
import { backoffMs, pause } from '../../backoff.js';
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

export interface BlobMoverOptions {
  /** Ends what is under way; its reason is thrown. */
  readonly over: AbortSignal;
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

/** Nobody's mistake that another try mends, or the hub asks for one. */
const tryAgain: ReadonlySet<number> = new Set([408, 409, 429]);
const mostWrongHashes = 3;

export function blobMover(requests: BlobRequests, { over, onTrouble }: BlobMoverOptions) {
  const { request, finalError, runningSha256 } = requests;

  /** @throws TransportError what is final, or why it is over */
  async function persist<Result>(what: string, once: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      if (over.aborted) throw over.reason;
      try {
        return await once();
      } catch (error) {
        if (over.aborted) throw over.reason;
        const final = finalError(error);
        if (final !== undefined) throw final;
        onTrouble?.(`${what}: ${(error as Error).message}`);
      }
      await pause(backoffMs(attempt), over);
    }
  }

  const uploads = new Map<string, Promise<Blob>>();

  async function upload(bytes: Uint8Array, sha256: string): Promise<Blob> {
    const path = `/blobs/${sha256}`;
    const short = `${sha256.slice(0, 12)}…`;
    let wrongHashes = 0;
    await persist(`upload of ${short}`, async () => {
      const head = await request({ method: 'HEAD', path }, over);
      if (head.status !== 200) throw await refusal(head, `the upload of ${short}`);
      head.discard();
      if (head.header('upload-complete') === '?1') return;
      const there = wholeNumber(head.header('upload-offset'));
      const offset = there <= bytes.length ? there : 0;
      const body = bytes.subarray(offset);
      const headers = {
        'upload-offset': `${offset}`,
        // A browser says the same once more, by itself, when it loses a connection that it had used before.
        ...(there === 0 && { 'if-none-match': '*' }),
      };
      const response = await request({ method: 'PUT', path, headers, body }, over);
      if (response.status === 201) {
        response.discard();
        return;
      }
      // What lay there was not ours, or was damaged: the hub has thrown it away.
      if (response.status === 422 && ++wrongHashes < mostWrongHashes) {
        response.discard();
        throw new Error('the bytes were changed on the way');
      }
      throw await refusal(response, `the upload of ${short}`);
    });
    return { sha256, bytes: bytes.length };
  }

  async function download({ sha256, bytes }: Blob): Promise<Uint8Array> {
    const path = `/blobs/${sha256}`;
    const short = `${sha256.slice(0, 12)}…`;
    const target = allocate(bytes, short);
    let at = 0;
    let hash = runningSha256();
    let wrongHashes = 0;
    const startOver = () => {
      at = 0;
      hash = runningSha256();
    };
    await persist(`download of ${short}`, async () => {
      const headers = {
        ...(at > 0 && { range: `bytes=${at}-` }),
        // Changed on the way, or on the hub's disk: it may look there.
        ...(wrongHashes > 0 && { 'want-repr-digest': 'sha-256=10' }),
      };
      const response = await request({ method: 'GET', path, headers }, over);
      if (response.status !== 200 && response.status !== 206) {
        throw await refusal(response, `the download of ${short}`);
      }
      if (response.status === 200) startOver();
      for await (const piece of response.pieces()) {
        if (at + piece.length > bytes) {
          throw new TransportError(
            `transport: blob ${short} has more than the ${bytes} bytes it was said to have`,
          );
        }
        target.set(piece, at);
        hash.update(piece);
        at += piece.length;
      }
      const got = await hash.digest(target.subarray(0, at));
      if (at === bytes && got === sha256) return;
      startOver();
      const message = `what came for blob ${short} has the SHA-256 ${got}`;
      if (++wrongHashes === mostWrongHashes) throw new TransportError(`transport: ${message}`);
      throw new Error(message);
    });
    return target;
  }

  return {
    /** The same bytes once at a time: a second upload would end the first. */
    async upload(bytes: Uint8Array, known?: Blob): Promise<Blob> {
      const sha256 = known?.sha256 ?? (await requests.sha256(bytes));
      const running = uploads.get(sha256);
      if (running !== undefined) return running;
      const uploading = upload(bytes, sha256).finally(() => uploads.delete(sha256));
      uploads.set(sha256, uploading);
      return uploading;
    },
    download,
  };
}

function allocate(bytes: number, short: string): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new TransportError(`transport: there is no memory for the ${bytes} bytes of blob ${short}`, {
      cause,
    });
  }
}

/** Of a header; 0 where there is none, for then nothing is there. */
function wholeNumber(text: string | undefined): number {
  const value = Number(text);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

const refusalSchema = z.object({ error: z.string(), hint: z.string().optional() });

/** An error to be thrown: final, or one after which another try makes sense. */
async function refusal(response: BlobResponse, what: string): Promise<Error> {
  const said = refusalSchema.safeParse(await readJson(response.pieces()));
  const message = `${what} was refused (${response.status}): ${said.data?.error ?? 'no reason was given'}`;
  if (response.status >= 500 || tryAgain.has(response.status)) return new Error(message);
  const hint = said.data?.hint;
  const Final = response.status === 404 ? NoBlobError : TransportError;
  return new Final(`transport: ${message}`, hint === undefined ? {} : { hint });
}
