/**
 * A model of another program without the values of its weights, and without what only people read:
 * its graph, which is small, so that it can travel apart from the weights.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { ELSEWHERE } from './read-foreign-tensor.js';
import { OnnxError, readForeignMessage } from './read-message.js';

/** What becomes of a field: it is kept, or another message takes its place; undefined drops it. */
type Fate = 'kept' | ((message: Uint8Array) => Uint8Array | undefined);
type Fates = Readonly<Record<number, Fate>>;

const kept = (...fields: readonly number[]): Fates =>
  Object.fromEntries(fields.map((field) => [field, 'kept']));

/** Inputs, outputs, name, operator, attributes, domain and overload of a node. */
const NODE = kept(1, 2, 3, 4, 5, 7, 8);
/** Extents, type and name of a tensor. */
const TENSOR = kept(1, 2, 8);
const TENSOR_NAME = { name: [8, 'text'] } as const;
const EXTERNAL_FIELDS = { data: 13, place: 14 };

/**
 * @param weights the names of the tensors whose values are elsewhere
 * @throws OnnxError when the bytes are no model
 */
export function withoutWeights(bytes: Uint8Array, weights: ReadonlySet<string>, what: string): Uint8Array {
  const tensor = (message: Uint8Array) => {
    const { name = '' } = readForeignMessage(message, TENSOR_NAME, `a tensor of ${what}`);
    if (!weights.has(name)) return message;
    const writer = new BinaryWriter().raw(edited(message, TENSOR));
    const location = entry('location', ELSEWHERE);
    writer.tag(EXTERNAL_FIELDS.data, WireType.LengthDelimited).bytes(location);
    return writer.tag(EXTERNAL_FIELDS.place, WireType.Varint).int32(1).finish();
  };
  const node = (message: Uint8Array) => edited(message, NODE);
  const graph: Fates = { ...kept(11, 12), 1: node, 5: tensor, 13: bufferNote };
  const model: Fates = { ...kept(1, 2, 3, 8, 25), 7: (message) => edited(message, graph) };
  try {
    return edited(bytes, model);
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw new OnnxError(`onnx: ${what} cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** A value that is noted as one that no step trains; what else is known of values is left out. */
function bufferNote(message: Uint8Array): Uint8Array | undefined {
  const isBuffer = new TextDecoder().decode(message).includes('BUFFER');
  return isBuffer ? edited(message, kept(1, 4)) : undefined;
}

function edited(bytes: Uint8Array, fates: Fates): Uint8Array {
  const reader = new BinaryReader(bytes);
  const writer = new BinaryWriter();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    const begin = reader.pos;
    const fate = fates[field];
    if (typeof fate === 'function' && type === WireType.LengthDelimited) {
      const message = fate(reader.bytes());
      if (message !== undefined) writer.tag(field, type).bytes(message);
      continue;
    }
    reader.skip(type, field);
    if (fate !== undefined) writer.tag(field, type).raw(bytes.subarray(begin, reader.pos));
  }
  return writer.finish();
}

const entry = (key: string, value: string) =>
  new BinaryWriter()
    .tag(1, WireType.LengthDelimited)
    .string(key)
    .tag(2, WireType.LengthDelimited)
    .string(value)
    .finish();
