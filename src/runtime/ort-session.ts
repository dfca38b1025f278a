/** A session on ONNX Runtime, native or in a browser: the two packages share their interface. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import type { Tensor } from '../tensor/tensor.js';
import { RuntimeError, type Session, type Tensors } from './runtime.js';

const ORT_TYPES = { f32: 'float32', i32: 'int32', u8: 'uint8' } as const;

/** What both packages export. */
export interface Ort {
  readonly Tensor: TensorConstructor;
}

/** @param writesIntoOutputs whether the engine can: the native one does, WebAssembly has memory of its own. */
export function ortSession(ort: Ort, session: InferenceSession, writesIntoOutputs: boolean): Session {
  const delivered = (result: OrtTensor, given: Tensor | undefined): Tensor => {
    if (given === undefined) return fromOrt(result);
    if (!writesIntoOutputs) given.data.set(fromOrt(result).data);
    return given;
  };
  const toOrt = (tensor: Tensor) => new ort.Tensor(ORT_TYPES[tensor.dtype], tensor.data, tensor.shape);
  return {
    async run(inputs, outputs = {}) {
      const feeds: Record<string, OrtTensor> = {};
      for (const name of session.inputNames) {
        const tensor = inputs[name];
        if (tensor === undefined) throw new RuntimeError(`runtime: input "${name}" is not given`);
        feeds[name] = toOrt(tensor);
      }
      const fetches: Record<string, OrtTensor | null> = {};
      for (const name of session.outputNames) {
        const given = outputs[name];
        fetches[name] = given === undefined || !writesIntoOutputs ? null : toOrt(given);
      }
      const results = await session.run(feeds, fetches).catch((cause: Error) => {
        throw new RuntimeError(`runtime: the model cannot be run: ${cause.message}`, { cause });
      });
      return Object.fromEntries(
        session.outputNames.map((name) => [name, delivered(results[name] as OrtTensor, outputs[name])]),
      ) satisfies Tensors;
    },
    release: () => session.release(),
  };
}

function fromOrt({ type, data, dims }: OrtTensor): Tensor {
  switch (type) {
    case 'float32':
      return { dtype: 'f32', shape: dims, data: data as Float32Array };
    case 'int32':
      return { dtype: 'i32', shape: dims, data: data as Int32Array };
    case 'uint8':
      return { dtype: 'u8', shape: dims, data: data as Uint8Array };
    default:
      throw new RuntimeError(`runtime: an output of type ${type} cannot be read`);
  }
}
