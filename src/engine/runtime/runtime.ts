/** What executes models. A runtime opens sessions; a session runs one model again and again. */
import { CommonweightError } from '../../base/error.js';
import type { Tensor } from '../../tensor/tensor.js';

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Session {
  /** Sets carried inputs, for the next run. They are copied. */
  write(carried: Tensors): Promise<void>;
  /**
   * Runs the model. `inputs` are those that are not carried; `outputs` may hold tensors of the
   * right dtype and shape to be written: what is not there is made anew. The call blocks the thread
   * while it computes, but on a GPU.
   */
  run(inputs: Tensors, outputs?: Tensors): Promise<Tensors>;
  /** Copies of the carried values as they are now, under their names as inputs. */
  read(): Promise<Tensors>;
  release(): Promise<void>;
}

export interface SessionOptions {
  /**
   * Outputs that stay with the engine and are inputs of the next run: name of the output → name of
   * the input. A training state never leaves the memory in which it is computed, a GPU's for
   * example.
   */
  readonly carry?: Readonly<Record<string, string>>;
}

export interface Runtime {
  /** The engine and its version, "onnxruntime-node 1.30.0". */
  readonly name: string;
  /** Where it computes: "cpu", "wasm", or "webgpu (vendor, architecture)". */
  readonly device: string;
  /** For one operation. Participants side by side, of one thread each, use the cores better. */
  readonly threads: number;
  /**
   * Arrays up to this size are computed fastest here: what `partBytes` of a plan for this runtime
   * should be.
   */
  readonly partBytes: number;
  /** @throws RuntimeError when the model cannot be loaded. */
  open(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}

/**
 * What stays in the cache of one core; and several threads want larger operations, so that each is
 * worth waking them.
 */
export const partBytesOf = (threads: number) => (threads === 1 ? 2.5 : 10) * 2 ** 20;

export class RuntimeError extends CommonweightError {
  override readonly name = 'RuntimeError';
}

/** @throws RuntimeError when that is no number of threads, or more than the device has. */
export function checkThreads(threads: number, device: string, available: number): void {
  if (Number.isInteger(threads) && threads >= 1 && threads <= available) return;
  throw new RuntimeError(
    `runtime: ${threads} threads are asked for, but ${device} has ${available}`,
    available === 1 ? { hint: 'choose 1' } : { hint: `choose 1 to ${available}` },
  );
}
