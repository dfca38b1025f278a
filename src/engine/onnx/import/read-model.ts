/**
 * Checks an ONNX model from elsewhere before a runtime sees it: every field, in the graph and in
 * the bodies of its loops. It refuses what no model of this package has: data in other files,
 * functions, operators of other domains, and operators that are not in `operators.ts`. The runtime
 * checks shapes when it opens the model.
 */
import { printable } from '../../../base/printable.js';
import { IR_VERSION, ONNX_TYPES, type OnnxType, OPSET } from '../model-builder.js';
import { OPERATORS } from '../operators.js';
import { OnnxError, readMessage } from './file/read-message.js';

/** An input or an output. */
export interface ModelValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
}

export interface ModelSignature {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
}

const MODEL = {
  irVersion: [1, 'int'],
  producer: [2, 'text'],
  graph: [7, 'bytes'],
  opsets: [8, 'bytes', 'many'],
} as const;
const OPERATOR_SET = { version: [2, 'int'] } as const;
const GRAPH = {
  nodes: [1, 'bytes', 'many'],
  name: [2, 'text'],
  initializers: [5, 'bytes', 'many'],
  inputs: [11, 'bytes', 'many'],
  outputs: [12, 'bytes', 'many'],
} as const;
const NODE = {
  inputs: [1, 'text', 'many'],
  outputs: [2, 'text', 'many'],
  type: [4, 'text'],
  attributes: [5, 'bytes', 'many'],
} as const;
const ATTRIBUTE = {
  name: [1, 'text'],
  float: [2, 'float'],
  int: [3, 'int'],
  text: [4, 'text'],
  graph: [6, 'bytes'],
  ints: [8, 'int', 'many'],
  type: [20, 'int'],
} as const;
const TENSOR = {
  extents: [1, 'int', 'many'],
  type: [2, 'int'],
  name: [8, 'text'],
  data: [9, 'bytes'],
} as const;
const VALUE_INFO = { name: [1, 'text'], type: [2, 'bytes'] } as const;
const TYPE = { tensor: [1, 'bytes'] } as const;
const TENSOR_TYPE = { type: [1, 'int'], shape: [2, 'bytes'] } as const;
const SHAPE = { extents: [1, 'bytes', 'many'] } as const;
const EXTENT = { value: [1, 'int'] } as const;

/** Other fields, in words. */
const DOMAIN = 'a domain of its own';
const OTHERS = {
  model: { 14: 'metadata', 20: 'training info', 25: 'functions' },
  graph: { 13: 'types of values within', 14: 'quantized tensors', 15: 'sparse tensors' },
  node: { 7: DOMAIN, 8: 'an overload' },
  attribute: { 5: 'a tensor', 21: 'a reference to an attribute of a function' },
  tensor: { 6: 'texts', 13: 'external data', 14: 'a place of its data' },
  type: { 4: 'a sequence', 5: 'a map', 8: 'a sparse tensor', 9: 'an optional value' },
  extent: { 2: 'no number' },
} as const;

const TYPES = new Map(Object.entries(ONNX_TYPES).map(([name, number]) => [BigInt(number), name as OnnxType]));
const ELEMENT_BYTES: Readonly<Record<OnnxType, number>> = {
  f32: 4,
  u8: 1,
  i32: 4,
  i64: 8,
  bool: 1,
  f64: 8,
  u32: 4,
  u64: 8,
};
/** The field of an attribute that holds its value, by the attribute's type. */
const ATTRIBUTE_FIELDS = new Map<bigint | undefined, Exclude<keyof typeof ATTRIBUTE, 'name' | 'type'>>([
  [1n, 'float'],
  [2n, 'int'],
  [3n, 'text'],
  [5n, 'graph'],
  [7n, 'ints'],
]);
const LARGEST = 2 ** 31;

/**
 * @param what the name of the model in errors
 * @throws OnnxError that says which part of the model is refused
 */
export function readModel(bytes: Uint8Array, what: string): ModelSignature {
  const { irVersion, opsets, graph } = readMessage(bytes, MODEL, what, OTHERS.model);
  const versions = opsets.map(
    (opset) => readMessage(opset, OPERATOR_SET, `the operator set of ${what}`, { 1: DOMAIN }).version,
  );
  if (irVersion !== BigInt(IR_VERSION) || versions.length !== 1 || versions[0] !== BigInt(OPSET)) {
    throw new OnnxError(
      `onnx: ${what} is of IR version ${irVersion ?? 'none'} with the operator sets ${versions.join(', ')}, expected ${IR_VERSION} with ${OPSET}`,
      { hint: 'install the same version of commonweight on both sides' },
    );
  }
  if (graph === undefined) throw new OnnxError(`onnx: ${what} has no graph`);
  return readGraph(graph, what, 'outermost');
}

function readGraph(bytes: Uint8Array, what: string, place: 'outermost' | 'within'): ModelSignature {
  const graph = readMessage(bytes, GRAPH, `the graph of ${what}`, OTHERS.graph);
  for (const node of graph.nodes) readNode(node, what, place);
  for (const tensor of graph.initializers) readTensor(tensor, what);
  return {
    inputs: graph.inputs.map((value) => readValue(value, what)),
    outputs: graph.outputs.map((value) => readValue(value, what)),
  };
}

function readNode(bytes: Uint8Array, what: string, place: 'outermost' | 'within'): void {
  const { type = '', attributes } = readMessage(bytes, NODE, `a node of ${what}`, OTHERS.node);
  const names = Object.hasOwn(OPERATORS, type) ? OPERATORS[type as keyof typeof OPERATORS] : undefined;
  const operator = `the operator ${quoted(type)}`;
  if (names === undefined) {
    throw new OnnxError(
      `onnx: ${what} has ${operator}, expected one of ${Object.keys(OPERATORS).join(', ')}`,
    );
  }
  const seen = new Set<string>();
  for (const attribute of attributes) {
    const of = `an attribute of ${operator} of ${what}`;
    const value = readMessage(attribute, ATTRIBUTE, of, OTHERS.attribute);
    const { name = '' } = value;
    if (!names.some((known) => known === name) || seen.has(name)) {
      throw new OnnxError(
        `onnx: ${of} is ${quoted(name)}, expected ${names.join(', ') || 'none'}, each once`,
      );
    }
    seen.add(name);
    const field = ATTRIBUTE_FIELDS.get(value.type);
    const filled = [...ATTRIBUTE_FIELDS.values()].filter((each) => isFilled(value[each]));
    if (field === undefined || filled.some((each) => each !== field)) {
      throw new OnnxError(`onnx: ${of}, ${quoted(name)}, is not of the type that it says`);
    }
    if (type === 'Cast' && !TYPES.has(value.int ?? 0n)) {
      throw new OnnxError(`onnx: ${what} makes values of the type ${value.int}, expected numbers`);
    }
    if (value.graph === undefined) continue;
    if (type !== 'Loop' || place === 'within') {
      throw new OnnxError(
        `onnx: ${what} has a graph in ${operator}, expected one in a Loop that is in no other`,
      );
    }
    readGraph(value.graph, `the body of a loop of ${what}`, 'within');
  }
}

const isFilled = (value: unknown) => (Array.isArray(value) ? value.length > 0 : value !== undefined);

function readTensor(bytes: Uint8Array, what: string): void {
  const {
    extents,
    type,
    name = '',
    data,
  } = readMessage(bytes, TENSOR, `a constant of ${what}`, OTHERS.tensor);
  const element = typeOf(type, `the constant ${quoted(name)} of ${what}`);
  const shape = extents.map((extent) => numberOf(extent, `the constant ${quoted(name)} of ${what}`));
  const expected = shape.reduce((size, extent) => size * extent, 1) * ELEMENT_BYTES[element];
  const { length } = data ?? new Uint8Array(0);
  if (length === expected) return;
  throw new OnnxError(
    `onnx: the constant ${quoted(name)} of ${what} has ${length} bytes, expected ${expected} for its shape`,
  );
}

function readValue(bytes: Uint8Array, what: string): ModelValue {
  const value = readMessage(bytes, VALUE_INFO, `an input or output of ${what}`);
  const name = value.name ?? '';
  const of = `the input or output ${quoted(name)} of ${what}`;
  const { tensor } = readMessage(value.type ?? new Uint8Array(0), TYPE, of, OTHERS.type);
  const { type, shape } = readMessage(tensor ?? new Uint8Array(0), TENSOR_TYPE, of);
  if (shape === undefined) throw new OnnxError(`onnx: ${of} has no shape`);
  const { extents } = readMessage(shape, SHAPE, of);
  return {
    name,
    type: typeOf(type, of),
    shape: extents.map((each) => {
      const { value: extent } = readMessage(each, EXTENT, `an extent of ${of}`, OTHERS.extent);
      return numberOf(extent, of);
    }),
  };
}

function typeOf(type: bigint | undefined, what: string): OnnxType {
  const known = TYPES.get(type ?? 0n);
  if (known !== undefined) return known;
  throw new OnnxError(`onnx: ${what} is of the type ${type ?? 'none'}, expected numbers`);
}

function numberOf(extent: bigint | undefined, what: string): number {
  if (extent !== undefined && extent >= 0n && extent < LARGEST) return Number(extent);
  throw new OnnxError(
    `onnx: ${what} has an extent of ${extent ?? 'no number'}, expected one below ${LARGEST}`,
  );
}

const quoted = (name: string) => `"${printable(name.slice(0, 100))}"`;
