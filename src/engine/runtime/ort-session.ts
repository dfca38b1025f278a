/** A session of ONNX Runtime, native or in a browser. The two packages share their interface. */
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { arrayProblem } from '../../tensor/arrays.js';
import { sizeOf } from '../../tensor/shape.js';
import type { Tensor, TextTensor } from '../../tensor/tensor.js';
import { engineError } from './engine-error.js';
import { type Feeds, RuntimeError, type Session, type SessionOptions, type Tensors } from './runtime.js';

const ORT_TYPES = { f32: 'float32', i32: 'int32', u8: 'uint8' } as const;

const KINDS = { f32: 'Float32Array', i32: 'Int32Array', u8: 'Uint8Array' } as const;

/** What both packages export. */
export interface Ort {
  readonly Tensor: TensorConstructor;
}

export interface OrtEngine {
  readonly ort: Ort;
  /** The name of the device in errors. */
  readonly device: string;
  /** The device to choose instead, for errors of a GPU. */
  readonly beside?: string;
  /**
   * Whether it writes into given outputs. The native one does; WebAssembly and GPUs have memory of
   * their own.
   */
  readonly writesIntoOutputs: boolean;
  /** Reads a tensor that lies in memory of the device, where `getData` cannot. */
  readonly download?: (tensor: OrtTensor) => Promise<Tensor['data']>;
  /** Where results that nobody reads are given back at once. */
  readonly memory?: {
    free(array: Tensor['data']): void;
    /** Tells how much will be freed in a run. */
    expectToFree(bytes: number): void;
  };
}

export function ortSession(
  engine: OrtEngine,
  session: InferenceSession,
  { carry = {} }: SessionOptions,
): Session {
  const { ort, device, writesIntoOutputs, memory, download, beside } = engine;
  const carried = carriedTensors(engine, carry);

  const feedsOf = (inputs: Feeds) => {
    const feeds: Record<string, OrtTensor> = {};
    for (const name of session.inputNames) {
      const tensor = inputs[name];
      const feed = tensor === undefined ? carried.current.get(name) : toOrt(ort, name, tensor);
      if (feed === undefined) {
        const how = carried.inputs.has(name) ? 'was never written' : 'is not given';
        throw new RuntimeError(`runtime: input "${name}" ${how}`);
      }
      feeds[name] = feed;
    }
    return feeds;
  };

  const fetchesOf = (outputs: Tensors) => {
    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of session.outputNames) {
      const given = outputs[name];
      const carriedTo = carry[name];
      if (!writesIntoOutputs) fetches[name] = null;
      else if (carriedTo !== undefined) fetches[name] = carried.spare.get(carriedTo) ?? null;
      else fetches[name] = given === undefined ? null : toOrt(ort, name, given);
    }
    return fetches;
  };

  return {
    async write(tensors) {
      memory?.expectToFree(bytesOf(Object.values(tensors)));
      for (const [name, tensor] of Object.entries(tensors)) carried.write(name, tensor);
    },
    async run(inputs, outputs = {}) {
      const fetches = fetchesOf(outputs);
      const results = await session.run(feedsOf(inputs), fetches).catch((cause: unknown) => {
        throw engineError(cause, device, 'run', beside);
      });
      for (const [output, input] of Object.entries(carry)) {
        carried.advance(input, results[output] as OrtTensor, fetches[output] ?? undefined);
      }
      const given = session.outputNames.filter((name) => carry[name] === undefined);
      return Object.fromEntries(
        given.map((name) => [name, delivered(engine, results[name] as OrtTensor, outputs[name])]),
      ) satisfies Tensors;
    },
    async read(into) {
      const read: Record<string, Tensor> = {};
      for (const name of into === undefined ? carried.current.keys() : Object.keys(into)) {
        const tensor = carried.current.get(name);
        if (tensor === undefined) throw new RuntimeError(`runtime: input "${name}" was never written`);
        const inMemory = tensor.location === 'cpu' || download === undefined;
        const data = inMemory ? ((await tensor.getData()) as Tensor['data']) : await download(tensor);
        const given = into?.[name];
        given?.data.set(data);
        read[name] = given ?? typed(tensor, data.slice() as Tensor['data']);
      }
      return read;
    },
    forget: () => carried.forget(),
    async release() {
      carried.forget();
      await session.release();
    },
  };
}

/** The tensors that stay with the session from run to run, by the names of their inputs. */
function carriedTensors(
  { ort, writesIntoOutputs, memory }: OrtEngine,
  carry: Readonly<Record<string, string>>,
) {
  const inputs = new Set(Object.values(carry));
  const current = new Map<string, OrtTensor>();
  /** The buffers of the run before, if outputs can be given: the next results are written there. */
  const spare = new Map<string, OrtTensor>();
  return {
    inputs,
    current,
    spare,
    write(name: string, tensor: Tensor) {
      if (!inputs.has(name)) throw new RuntimeError(`runtime: input "${name}" is not carried`);
      current.get(name)?.dispose();
      current.set(name, copyToOrt(ort, name, tensor));
      if (writesIntoOutputs) spare.set(name, copyToOrt(ort, name, tensor));
    },
    forget() {
      for (const tensor of [...current.values(), ...spare.values()]) {
        if (writesIntoOutputs) memory?.free(tensor.data as Tensor['data']);
        tensor.dispose();
      }
      current.clear();
      spare.clear();
    },
    /** Takes the result of a run, or the tensor that was given for it. */
    advance(name: string, result: OrtTensor, given: OrtTensor | undefined) {
      const before = current.get(name);
      if (writesIntoOutputs && before !== undefined) spare.set(name, before);
      else before?.dispose();
      current.set(name, given ?? result);
      if (given === undefined || given === result) return;
      const copy = result.data as Tensor['data'];
      if (copy.buffer !== (given.data as Tensor['data']).buffer) memory?.free(copy);
    },
  };
}

const bytesOf = (tensors: readonly Tensor[]) =>
  tensors.reduce((bytes, { data }) => bytes + data.byteLength, 0);

/** A tensor of the engine over the same bytes. */
function toOrt(ort: Ort, name: string, tensor: Tensor | TextTensor): OrtTensor {
  if (tensor.dtype === 'text') return new ort.Tensor('string', tensor.data, tensor.shape);
  checkTensor(name, tensor);
  return new ort.Tensor(ORT_TYPES[tensor.dtype], tensor.data, tensor.shape);
}

const copyToOrt = (ort: Ort, name: string, tensor: Tensor) =>
  toOrt(ort, name, { ...tensor, data: tensor.data.slice() } as Tensor);

/** The result in the array that was given for it, if there is one. */
function delivered({ writesIntoOutputs }: OrtEngine, result: OrtTensor, given: Tensor | undefined): Tensor {
  if (given === undefined) return fromOrt(result);
  if (!writesIntoOutputs) given.data.set(fromOrt(result).data);
  return given;
}

/** @throws RuntimeError when the array does not fit the tensor's dtype and shape */
function checkTensor(name: string, { dtype, shape, data }: Tensor): void {
  const kind = KINDS[dtype];
  const problem =
    kind === undefined
      ? `has the dtype "${dtype}", expected one of ${Object.keys(KINDS).join(', ')}`
      : arrayProblem(data, kind, sizeOf(shape));
  if (problem !== undefined) throw new RuntimeError(`runtime: the array of "${name}" ${problem}`);
}

function fromOrt(tensor: OrtTensor): Tensor {
  return typed(tensor, tensor.data as Tensor['data']);
}

function typed({ type, dims }: OrtTensor, data: Tensor['data']): Tensor {
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
