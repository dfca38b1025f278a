/** What executes models. A runtime opens sessions; a session runs one model again and again. */
import { CommonweightError } from '../tensor/error.js';
import type { Tensor } from '../tensor/tensor.js';

export type Tensors = Readonly<Record<string, Tensor>>;

export interface Session {
  /**
   * Runs the model. `outputs` may hold tensors of the right dtype and shape to be written; what is not there is made
   * anew. The call blocks the thread while it computes.
   */
  run(inputs: Tensors, outputs?: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

export interface SessionOptions {
  /** Threads for one operation; 1 by default, since participants side by side use the cores better. */
  readonly threads?: number;
}

export interface Runtime {
  /** The engine and its version, "onnxruntime-node 1.30.0". */
  readonly name: string;
  /** Where it computes, "cpu". */
  readonly device: string;
  /** @throws RuntimeError when the model cannot be loaded. */
  open(model: Uint8Array, options?: SessionOptions): Promise<Session>;
}

export class RuntimeError extends CommonweightError {
  override readonly name = 'RuntimeError';
}
