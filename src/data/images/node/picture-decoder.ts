/**
 * Decodes many pictures, in a process of its own if they are large: the decoder keeps much of the
 * memory that it has once taken, and it may crash at a damaged file. Node only.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { DataError } from '../../error.js';
import { damaged, type PictureSize } from '../picture-checks.js';
import type { PictureFit } from '../picture-size.js';
import { decodePicture } from './open-picture.js';

export interface PictureDecoder {
  /** As `decodePicture` does. */
  decode(path: string, size: PictureSize, fit: PictureFit | undefined): Promise<Uint8Array>;
  close(): void;
}

export interface DecodeRequest {
  readonly id: number;
  readonly path: string;
  readonly size: PictureSize;
  readonly fit: PictureFit | undefined;
}

export type DecodeAnswer = { readonly id: number } & (
  | { readonly image: Uint8Array }
  | { readonly message: string; readonly hint: string | undefined }
  /** A bug in Commonweight. */
  | { readonly stack: string }
);

/** Fewer pixels leave little memory behind, and are decoded sooner than a process starts. */
const MANY_PIXELS = 50e6;

/** @param pixels of all pictures together */
export const pictureDecoder = (pixels: number): PictureDecoder =>
  pixels < MANY_PIXELS ? { decode: decodePicture, close() {} } : new DecoderProcess();

interface Waiting {
  readonly path: string;
  readonly resolve: (image: Uint8Array) => void;
  readonly reject: (error: Error) => void;
}

class DecoderProcess implements PictureDecoder {
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;
  #process: ChildProcess | undefined;

  decode(path: string, size: PictureSize, fit: PictureFit | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { path, resolve, reject });
      this.#process ??= this.#start();
      this.#process.send({ id, path, size, fit } satisfies DecodeRequest);
    });
  }

  close(): void {
    this.#process?.disconnect();
  }

  #start(): ChildProcess {
    const started = fork(createRequire(import.meta.url).resolve('#decoder'), {
      ...{ execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
      // The C library keeps an arena of memory for each thread, unless it is told otherwise.
      env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    });
    started.on('message', (answer: DecodeAnswer) => this.#receive(answer));
    // Whether it could not start, or has crashed.
    started.on('error', ({ message }) => this.#ended(started, message));
    started.on('exit', (code, signal) => this.#ended(started, signal ?? `status ${code}`));
    return started;
  }

  #receive(answer: DecodeAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('image' in answer) waiting?.resolve(answer.image);
    else if ('stack' in answer) waiting?.reject(new Error(answer.stack));
    else
      waiting?.reject(new DataError(answer.message, answer.hint === undefined ? {} : { hint: answer.hint }));
  }

  /** Any of the pictures may be the reason. The next one is decoded by another process. */
  #ended(ended: ChildProcess, how: string): void {
    if (this.#process !== ended) return;
    this.#process = undefined;
    const lost = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { path, reject } of lost) reject(damaged(path, `the decoder ended with ${how}`));
  }
}
