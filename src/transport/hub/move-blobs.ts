/**
 * Blobs to a hub and from it, by a participant: tried again until they are there, each time from where the last try ended,
 * and checked against their hashes. Node only.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Blob } from '../../protocol/blob-name.js';
import { sha256Of } from '../blob-folder.js';
import { TransportError } from '../error.js';
import { backoffMs, pause } from './backoff.js';
import { finalError, type HubAddress } from './hub-address.js';
import { type HubResponse, headerNumber, hubRequest, readJson } from './hub-request.js';

export interface MoveBlobsOptions {
  /** Ends what is under way; its reason is thrown. */
  readonly over: AbortSignal;
  readonly onTrouble?: ((reason: string) => void) | undefined;
}

/** Nobody's mistake that another try mends, or the hub asks for one. */
const tryAgain: ReadonlySet<number> = new Set([408, 409, 429]);
const mostWrongHashes = 3;

export function moveBlobs(address: HubAddress, { over, onTrouble }: MoveBlobsOptions) {
  /** @throws TransportError what is final, or why it is over */
  async function persist<Result>(what: string, once: () => Promise<Result>): Promise<Result> {
    for (let attempt = 0; ; attempt++) {
      if (over.aborted) throw over.reason;
      try {
        return await once();
      } catch (error) {
        if (over.aborted) throw over.reason;
        const final = finalError(error, address.url);
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
      const head = await hubRequest(address, { method: 'HEAD', path }, over);
      head.resume();
      if (head.statusCode !== 200) throw await refusal(head, `the upload of ${short}`);
      if (head.headers['upload-complete'] === '?1') return;
      const there = headerNumber(head.headers, 'upload-offset') ?? 0;
      const offset = there <= bytes.length ? there : 0;
      const response = await hubRequest(
        address,
        { method: 'PUT', path, headers: { 'upload-offset': `${offset}` }, body: bytes.subarray(offset) },
        over,
      );
      if (response.statusCode === 201) {
        response.resume();
        return;
      }
      // What lay there was not ours, or was damaged: the hub has thrown it away.
      if (response.statusCode === 422 && ++wrongHashes < mostWrongHashes) {
        response.resume();
        throw new Error('the bytes were changed on the way');
      }
      throw await refusal(response, `the upload of ${short}`);
    });
    return { sha256, bytes: bytes.length };
  }

  async function download({ sha256, bytes }: Blob): Promise<Uint8Array> {
    const short = `${sha256.slice(0, 12)}…`;
    const target = allocate(bytes, short);
    let at = 0;
    let hash = createHash('sha256');
    let wrongHashes = 0;
    await persist(`download of ${short}`, async () => {
      const response = await hubRequest(
        address,
        {
          ...{ method: 'GET', path: `/blobs/${sha256}` },
          headers: {
            ...(at > 0 && { range: `bytes=${at}-` }),
            // Changed on the way, or on the hub's disk: it may look there.
            ...(wrongHashes > 0 && { 'want-repr-digest': 'sha-256=10' }),
          },
        },
        over,
      );
      if (response.statusCode !== 200 && response.statusCode !== 206) {
        throw await refusal(response, `the download of ${short}`);
      }
      if (response.statusCode === 200) {
        at = 0;
        hash = createHash('sha256');
      }
      for await (const chunk of response) {
        const piece = chunk as Buffer;
        if (at + piece.length > bytes) {
          throw new TransportError(
            `transport: blob ${short} has more than the ${bytes} bytes it was said to have`,
          );
        }
        target.set(piece, at);
        hash.update(piece);
        at += piece.length;
      }
      if (at < bytes && !response.complete) throw new Error(`${at} of ${bytes} bytes have come`);
      const got = hash.digest('hex');
      if (at === bytes && got === sha256) return;
      at = 0;
      hash = createHash('sha256');
      const message = `what came for blob ${short} has the SHA-256 ${got}`;
      if (++wrongHashes === mostWrongHashes) throw new TransportError(`transport: ${message}`);
      throw new Error(message);
    });
    return target;
  }

  return {
    /** The same bytes once at a time: a second upload would end the first. */
    upload(bytes: Uint8Array, known?: Blob): Promise<Blob> {
      const sha256 = known?.sha256 ?? sha256Of(bytes);
      const running = uploads.get(sha256);
      if (running !== undefined) return running;
      const uploading = upload(bytes, sha256).finally(() => uploads.delete(sha256));
      uploads.set(sha256, uploading);
      return uploading;
    },
    download,
  };
}

function allocate(bytes: number, short: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch (cause) {
    throw new TransportError(`transport: there is no memory for the ${bytes} bytes of blob ${short}`, {
      cause,
    });
  }
}

const refusalSchema = z.object({ error: z.string(), hint: z.string().optional() });

/** An error to be thrown: final, or one after which another try makes sense. */
async function refusal(response: HubResponse, what: string): Promise<Error> {
  const said = refusalSchema.safeParse(await readJson(response));
  const message = `${what} was refused (${response.statusCode}): ${said.data?.error ?? 'no reason was given'}`;
  if (response.statusCode >= 500 || tryAgain.has(response.statusCode)) return new Error(message);
  const hint = said.data?.hint;
  return new TransportError(`transport: ${message}`, hint === undefined ? {} : { hint });
}
