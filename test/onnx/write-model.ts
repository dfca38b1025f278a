/** Writes ONNX files of any operators, good and bad, for tests of the reader. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

export interface WrittenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** Floats in a Float32Array, int64 in a BigInt64Array, truth values in a Uint8Array. */
  readonly data: Float32Array | BigInt64Array | Uint8Array;
  /** The file beside in which the data lie, instead of here. */
  readonly file?: string;
}

/** A float is written with a point, as in `{ float: 1 }`. */
export type WrittenAttribute =
  | number
  | string
  | readonly number[]
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: WrittenTensor }
  | { readonly graph: Uint8Array }
  | { readonly reference: string };

export interface WrittenNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, WrittenAttribute>>;
  readonly domain?: string;
  readonly name?: string;
}

export interface WrittenPort {
  readonly name: string;
  readonly type?: number;
  readonly shape: readonly (number | string)[];
}

export interface WrittenFunction {
  readonly name: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly string[];
  readonly nodes: readonly WrittenNode[];
}

export interface WrittenModel {
  readonly nodes: readonly WrittenNode[];
  readonly tensors?: readonly WrittenTensor[];
  readonly inputs: readonly WrittenPort[];
  readonly outputs: readonly WrittenPort[];
  readonly functions?: readonly WrittenFunction[];
  readonly opset?: number;
  readonly irVersion?: number;
}

const message = (fill: (writer: BinaryWriter) => void): Uint8Array => {
  const writer = new BinaryWriter();
  fill(writer);
  return writer.finish();
};
const bytes = (writer: BinaryWriter, field: number, value: Uint8Array) =>
  writer.tag(field, WireType.LengthDelimited).bytes(value);
const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);
const int = (writer: BinaryWriter, field: number, value: number | bigint) =>
  writer.tag(field, WireType.Varint).int64(value);
const float = (writer: BinaryWriter, field: number, value: number) =>
  writer.tag(field, WireType.Bit32).float(value);

const typeOf = (data: WrittenTensor['data']) =>
  data instanceof Float32Array ? 1 : data instanceof Uint8Array ? 9 : 7;

export const writeTensor = ({ name, shape, data, file }: WrittenTensor): Uint8Array =>
  message((writer) => {
    for (const extent of shape) int(writer, 1, extent);
    int(writer, 2, typeOf(data));
    text(writer, 8, name);
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (file === undefined) bytes(writer, 9, raw);
    else {
      for (const [key, value] of Object.entries({ location: file, offset: '0', length: `${raw.length}` })) {
        bytes(
          writer,
          13,
          message((entry) => text(text(entry, 1, key), 2, value)),
        );
      }
      int(writer, 14, 1);
    }
  });

const writeAttribute = (name: string, value: WrittenAttribute): Uint8Array =>
  message((writer) => {
    text(writer, 1, name);
    int(writer, 20, fillAttribute(writer, value));
  });

/** Writes the value, and returns its type. */
function fillAttribute(writer: BinaryWriter, value: WrittenAttribute): number {
  if (typeof value === 'number') {
    int(writer, 3, value);
    return 2;
  }
  if (typeof value === 'string') {
    text(writer, 4, value);
    return 3;
  }
  if ('float' in value) {
    float(writer, 2, value.float);
    return 1;
  }
  if ('floats' in value) {
    for (const one of value.floats) float(writer, 7, one);
    return 6;
  }
  if ('texts' in value) {
    for (const one of value.texts) text(writer, 9, one);
    return 8;
  }
  if ('tensor' in value) {
    bytes(writer, 5, writeTensor(value.tensor));
    return 4;
  }
  if ('graph' in value) {
    bytes(writer, 6, value.graph);
    return 5;
  }
  if ('reference' in value) {
    text(writer, 21, value.reference);
    return 2;
  }
  for (const one of value) int(writer, 8, one);
  return 7;
}

export const writeNode = ({ operator, inputs, outputs, attributes = {}, domain, name }: WrittenNode) =>
  message((writer) => {
    for (const input of inputs) text(writer, 1, input);
    for (const output of outputs) text(writer, 2, output);
    if (name !== undefined) text(writer, 3, name);
    text(writer, 4, operator);
    for (const [key, value] of Object.entries(attributes)) bytes(writer, 5, writeAttribute(key, value));
    if (domain !== undefined) text(writer, 7, domain);
  });

const writePort = ({ name, type = 1, shape }: WrittenPort) =>
  message((writer) => {
    text(writer, 1, name);
    const extents = message((dims) => {
      for (const extent of shape) {
        bytes(
          dims,
          1,
          message((dim) => (typeof extent === 'number' ? int(dim, 1, extent) : text(dim, 2, extent))),
        );
      }
    });
    const tensor = message((of) => bytes(int(of, 1, type), 2, extents));
    bytes(
      writer,
      2,
      message((of) => bytes(of, 1, tensor)),
    );
  });

const opset = (domain: string, version: number) =>
  message((writer) => int(text(writer, 1, domain), 2, version));

const writeFunction = (of: WrittenFunction, version: number) =>
  message((writer) => {
    text(writer, 1, of.name);
    for (const input of of.inputs) text(writer, 4, input);
    for (const output of of.outputs) text(writer, 5, output);
    for (const attribute of of.attributes ?? []) text(writer, 6, attribute);
    for (const node of of.nodes) bytes(writer, 7, writeNode(node));
    bytes(writer, 9, opset('', version));
    text(writer, 10, of.domain);
  });

export function writeModel(model: WrittenModel): Uint8Array {
  const { nodes, tensors = [], inputs, outputs, functions = [], opset: version = 18, irVersion = 9 } = model;
  const graph = message((writer) => {
    for (const node of nodes) bytes(writer, 1, writeNode(node));
    text(writer, 2, 'graph');
    for (const tensor of tensors) bytes(writer, 5, writeTensor(tensor));
    for (const port of inputs) bytes(writer, 11, writePort(port));
    for (const port of outputs) bytes(writer, 12, writePort(port));
  });
  return message((writer) => {
    int(writer, 1, irVersion);
    bytes(writer, 7, graph);
    bytes(writer, 8, opset('', version));
    for (const domain of new Set(functions.map((one) => one.domain))) bytes(writer, 8, opset(domain, 1));
    for (const one of functions) bytes(writer, 25, writeFunction(one, version));
  });
}
