/**
 * The interface of what executes models. A runtime opens sessions; a session runs one model again
 * and again.
 */
import { CommonweightError } from '../../base/error.js';
import type { Tensor, TextTensor } from '../../tensor/tensor.js';

export type Tensors = Readonly<Record<string, Tensor>>;
/** What a model reads; those of this package read texts where they were exported for a table. */
export type Feeds = Readonly<Record<string, Tensor | TextTensor>>;

export interface Session {
  /** Sets carried inputs for the next run. They are copied. */
  write(carried: Tensors): Promise<void>;
  /**
   * Runs the model. `inputs` are those that are not carried. `outputs` may hold tensors of the
   * right dtype and shape to write into; other outputs are newly allocated. The call blocks the
   * thread while it computes, except on a GPU.
   */
  run(inputs: Feeds, outputs?: Tensors): Promise<Tensors>;
  /**
   * The present carried values, under their names as inputs: those in `into`, written there;
   * without it all, as copies.
   */
  read(into?: Tensors): Promise<Tensors>;
  /** Gives back the memory of the carried values. They are written anew before the next run. */
  forget(): void;
  release(): Promise<void>;
}

export interface SessionOptions {
  /**
   * Outputs that stay with the engine and become inputs of the next run: from the name of the
   * output to the name of the input. So a training state never leaves the memory in which it is
   * computed, such as a GPU's.
   */
  readonly carry?: Readonly<Record<string, string>>;
}

export interface Runtime {
  /** The engine and its version, such as "onnxruntime-node 1.30.0". */
  readonly name: string;
  /** Where it computes: "cpu", "wasm", or "webgpu (vendor, architecture)". */
  readonly device: string;
  /**
   * Threads for one operation. Several participants with one thread each use the cores better than
   * one with several.
   */
  readonly threads: number;
  /**
   * Arrays up to this size are computed fastest here. Use it as `partBytes` of a plan for this
   * runtime.
   */
  readonly partBytes: number;
  /** @throws RuntimeError when the model cannot be loaded. */
  open(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}

/**
 * The size that stays in the cache of one core. With several threads, operations must be larger to
 * be worth waking them.
 */
export const partBytesOf = (threads: number) => (threads === 1 ? 2.5 : 10) * 2 ** 20;

export class RuntimeError extends CommonweightError {
  override readonly name = 'RuntimeError';
}

/** The device has not the memory that a model asks for. */
export class NoMemoryError extends RuntimeError {}

/** @throws RuntimeError when the number of threads is invalid, or more than the device has. */
export function checkThreads(threads: number, device: string, available: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= available) return;
  throw new RuntimeError(
    `runtime: ${threads} threads are requested, but ${device} has ${available}`,
    available === 1 ? { hint: 'choose 1' } : { hint: `choose 1 to ${available}` },
  );
}
