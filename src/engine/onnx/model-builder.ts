/**
 * Writes ONNX models: collects nodes, constants, inputs and outputs, and encodes them as the bytes
 * of a ModelProto. Field numbers are those of onnx.proto (ONNX IR version 8).
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.js';
import { type AttributeOf, DOMAINS, type Operator } from './operators.js';

/** TensorProto.DataType. */
export const ONNX_TYPES = { f32: 1, u8: 2, i32: 6, i64: 7, bool: 9, f64: 11, u32: 12, u64: 13 } as const;
export type OnnxType = keyof typeof ONNX_TYPES;

/** AttributeProto.AttributeType. */
const ATTRIBUTE_GRAPH = 5;
const ATTRIBUTE_FLOAT = 1;
const ATTRIBUTE_INT = 2;
const ATTRIBUTE_STRING = 3;
const ATTRIBUTE_INTS = 7;
const ATTRIBUTE_STRINGS = 8;

/** The data type of texts, which only inputs of exported models have. */
const STRING_TYPE = 8;

/** A number is encoded as an int; floats are wrapped. */
export type OnnxAttribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly strings: readonly string[] }
  | { readonly graph: OnnxModelBuilder };

export type OnnxAttributes<Type extends Operator> = {
  readonly [Name in AttributeOf<Type>]?: OnnxAttribute;
};

/** Extents of an input or output: a number, or a name for an extent that may be any number. */
type OnnxShape = readonly (number | string)[];

/** What a model says of itself. */
export interface WrittenFacts {
  readonly version?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export const IR_VERSION = 8;
export const OPSET = 18;

interface Node {
  readonly type: Operator;
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
  readonly output: string;
}

/**
 * Collects a graph. Intermediate values are named in the order of creation, so equal calls give
 * equal bytes.
 */
export class OnnxModelBuilder {
  readonly #nodes: Node[] = [];
  readonly #initializers: Uint8Array[] = [];
  readonly #constants = new Map<string, string>();
  readonly #inputs: Uint8Array[] = [];
  readonly #outputs: Uint8Array[] = [];
  readonly #known = new Map<string, string>();
  /** The values that are outputs, by their earlier names. */
  readonly #given = new Map<string, string>();
  /** Names that no intermediate value and no constant may have. */
  readonly #reserved = new Set<string>();
  /** In the body of a loop: the model around it, and the names that exist only in the body. */
  readonly #around: OnnxModelBuilder | undefined;
  readonly #inside = new Set<string>();
  #count = 0;
  #constantCount = 0;

  constructor(around?: OnnxModelBuilder) {
    this.#around = around;
  }

  /** Keeps names for inputs that are declared later. */
  reserve(names: Iterable<string>): void {
    for (const name of names) this.#reserved.add(name);
  }

  input(name: string, type: OnnxType | 'string', shape: OnnxShape): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /**
   * Declares `value` as the output `name`. If a node makes the value, the node's result gets that
   * name: an Identity would copy it if other nodes read it, too.
   */
  output(name: string, value: string, type: OnnxType, shape: OnnxShape): void {
    const isMade = this.#nodes.some(({ output }) => output === value);
    if (isMade && !this.#given.has(value)) this.#given.set(value, name);
    else this.#nodes.push({ type: 'Identity', inputs: [value], attributes: {}, output: name });
    this.#outputs.push(valueInfo(name, type, shape));
  }

  /** Adds a node and returns the name of its result. An equal node is reused. */
  node<Type extends Operator>(
    type: Type,
    inputs: readonly string[],
    attributes: OnnxAttributes<Type> = {},
  ): string {
    return this.#node(type, inputs, attributes as Node['attributes']);
  }

  #node(type: Operator, inputs: readonly string[], attributes: Node['attributes']): string {
    // What does not change from iteration to iteration is computed once, outside the loop.
    if (this.#around !== undefined && !inputs.some((input) => this.#inside.has(input)))
      return this.#around.#node(type, inputs, attributes);
    const key = JSON.stringify([type, inputs, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = this.#newName();
    this.#nodes.push({ type, inputs, attributes, output: name });
    this.#known.set(key, name);
    return name;
  }

  /**
   * The sum over `rounds` iterations of the vector [length] that `round` builds, in their order. It
   * may use every value of this model, and the number of the iteration, i64 [].
   */
  sumOfLoop(
    rounds: number,
    length: number,
    round: (body: OnnxModelBuilder, index: string) => string,
  ): string {
    const body = new OnnxModelBuilder(this);
    const inside = (type: OnnxType, shape: OnnxShape) => {
      const name = this.#newName();
      body.#inside.add(name);
      return body.input(name, type, shape);
    };
    const [index, going, sum] = [inside('i64', []), inside('bool', []), inside('f32', [length])];
    const next = body.node('Add', [sum, round(body, index)]);
    body.output(this.#newName(), going, 'bool', []);
    body.output(this.#newName(), next, 'f32', [length]);
    const name = this.#newName();
    const inputs = [this.int64s([rounds], []), '', this.filled(0, [length])];
    this.#nodes.push({ type: 'Loop', inputs, attributes: { body: { graph: body } }, output: name });
    return name;
  }

  /** Names are unique within a model and its bodies. */
  #newName(): string {
    if (this.#around === undefined) return this.#free('v', () => this.#count++);
    const name = this.#around.#newName();
    this.#inside.add(name);
    return name;
  }

  /** A name of this letter and the next number that gives a name which is not reserved. */
  #free(letter: string, next: () => number): string {
    let name = `${letter}${next()}`;
    while (this.#reserved.has(name)) name = `${letter}${next()}`;
    return name;
  }

  floats(values: ArrayLike<number>, shape: Shape = [values.length]): string {
    return this.#constant('f32', shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  /** A float scalar. */
  float(value: number): string {
    return this.floats([value], []);
  }

  int64s(values: readonly number[], shape: Shape = [values.length]): string {
    return this.#constant('i64', shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  int32s(values: ArrayLike<number>, shape: Shape = [values.length]): string {
    return this.#constant('i32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  uint64(value: number): string {
    return this.#constant('u64', [], new Uint8Array(BigUint64Array.of(BigInt(value)).buffer));
  }

  /** A model's weights, under their own name. */
  weights(name: string, values: Float32Array, shape: Shape): string {
    this.#addInitializer(
      name,
      'f32',
      shape,
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    );
    return name;
  }

  /** A tensor of this shape, filled with one number, that takes no space in the file. */
  filled(value: number, shape: Shape): string {
    const size = sizeOf(shape);
    return size <= 64
      ? this.floats(new Array(size).fill(value), shape)
      : this.node('Expand', [
          this.floats(
            [value],
            shape.map(() => 1),
          ),
          this.int64s(shape),
        ]);
  }

  /**
   * A ModelProto.
   * @param version of the program that writes it
   * @param metadata what other programs may read beside the graph
   */
  bytes({ version, metadata = {} }: WrittenFacts = {}): Uint8Array {
    const opset = new BinaryWriter().uint32(tag(2, VARINT)).int64(OPSET).finish();
    const writer = new BinaryWriter()
      .uint32(tag(1, VARINT))
      .int64(IR_VERSION)
      .uint32(tag(2, LENGTH_DELIMITED))
      .string('commonweight');
    if (version !== undefined) writer.uint32(tag(3, LENGTH_DELIMITED)).string(version);
    writer.uint32(tag(7, LENGTH_DELIMITED)).bytes(this.graph()).uint32(tag(8, LENGTH_DELIMITED)).bytes(opset);
    for (const [operator, { name, version }] of Object.entries(DOMAINS)) {
      if (!this.#nodes.some(({ type }) => type === operator)) continue;
      const set = new BinaryWriter().uint32(tag(1, LENGTH_DELIMITED)).string(name);
      writer.uint32(tag(8, LENGTH_DELIMITED)).bytes(set.uint32(tag(2, VARINT)).int64(version).finish());
    }
    for (const [key, value] of Object.entries(metadata)) {
      const pair = new BinaryWriter().uint32(tag(1, LENGTH_DELIMITED)).string(key);
      writer
        .uint32(tag(14, LENGTH_DELIMITED))
        .bytes(pair.uint32(tag(2, LENGTH_DELIMITED)).string(value).finish());
    }
    return writer.finish();
  }

  /** The name under which a value of this model, or of one around it, is written. */
  #finalName(name: string): string {
    const given = this.#given.get(name);
    if (given !== undefined) return given;
    return this.#around === undefined ? name : this.#around.#finalName(name);
  }

  /** A GraphProto. */
  graph(): Uint8Array {
    const graph = new BinaryWriter();
    for (const node of this.#nodes) graph.uint32(tag(1, LENGTH_DELIMITED)).bytes(this.#nodeBytes(node));
    graph.uint32(tag(2, LENGTH_DELIMITED)).string('commonweight');
    for (const tensor of this.#initializers) graph.uint32(tag(5, LENGTH_DELIMITED)).bytes(tensor);
    for (const info of this.#inputs) graph.uint32(tag(11, LENGTH_DELIMITED)).bytes(info);
    for (const info of this.#outputs) graph.uint32(tag(12, LENGTH_DELIMITED)).bytes(info);
    return graph.finish();
  }

  /** A NodeProto. */
  #nodeBytes({ type, inputs, attributes, output }: Node): Uint8Array {
    const writer = new BinaryWriter();
    for (const input of inputs) writer.uint32(tag(1, LENGTH_DELIMITED)).string(this.#finalName(input));
    writer.uint32(tag(2, LENGTH_DELIMITED)).string(this.#finalName(output));
    writer.uint32(tag(4, LENGTH_DELIMITED)).string(type);
    for (const [name, value] of Object.entries(attributes)) {
      writer.uint32(tag(5, LENGTH_DELIMITED)).bytes(attribute(name, value));
    }
    const domain = DOMAINS[type];
    if (domain !== undefined) writer.uint32(tag(7, LENGTH_DELIMITED)).string(domain.name);
    return writer.finish();
  }

  #constant(type: OnnxType, shape: Shape, data: Uint8Array): string {
    if (this.#around !== undefined) return this.#around.#constant(type, shape, data);
    const key = `${type}${formatShape(shape)}${data.join()}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#free('c', () => this.#constantCount++);
    this.#constants.set(key, name);
    this.#addInitializer(name, type, shape, data);
    return name;
  }

  #addInitializer(name: string, type: OnnxType, shape: Shape, data: Uint8Array) {
    const writer = new BinaryWriter();
    for (const extent of shape) writer.uint32(tag(1, VARINT)).int64(extent);
    this.#initializers.push(
      writer
        .uint32(tag(2, VARINT))
        .int32(ONNX_TYPES[type])
        .uint32(tag(8, LENGTH_DELIMITED))
        .string(name)
        .uint32(tag(9, LENGTH_DELIMITED))
        .bytes(data)
        .finish(),
    );
  }
}

// Wire types of protobuf.
const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;
const tag = (field: number, wireType: number) => (field << 3) | wireType;

function attribute(name: string, value: OnnxAttribute): Uint8Array {
  const writer = new BinaryWriter().uint32(tag(1, LENGTH_DELIMITED)).string(name);
  const typed = (type: number) => writer.uint32(tag(20, VARINT)).int32(type).finish();
  if (typeof value === 'number') {
    writer.uint32(tag(3, VARINT)).int64(value);
    return typed(ATTRIBUTE_INT);
  }
  if (typeof value === 'string') {
    writer.uint32(tag(4, LENGTH_DELIMITED)).string(value);
    return typed(ATTRIBUTE_STRING);
  }
  if ('graph' in value) {
    writer.uint32(tag(6, LENGTH_DELIMITED)).bytes(value.graph.graph());
    return typed(ATTRIBUTE_GRAPH);
  }
  if ('float' in value) {
    writer.uint32(tag(2, FIXED_32)).float(value.float);
    return typed(ATTRIBUTE_FLOAT);
  }
  if ('strings' in value) {
    for (const item of value.strings) writer.uint32(tag(9, LENGTH_DELIMITED)).string(item);
    return typed(ATTRIBUTE_STRINGS);
  }
  for (const item of value) writer.uint32(tag(8, VARINT)).int64(item);
  return typed(ATTRIBUTE_INTS);
}

function valueInfo(name: string, type: OnnxType | 'string', shape: OnnxShape): Uint8Array {
  const dimensions = new BinaryWriter();
  for (const extent of shape) {
    const dimension = new BinaryWriter();
    if (typeof extent === 'number') dimension.uint32(tag(1, VARINT)).int64(extent);
    else dimension.uint32(tag(2, LENGTH_DELIMITED)).string(extent);
    dimensions.uint32(tag(1, LENGTH_DELIMITED)).bytes(dimension.finish());
  }
  const tensorType = new BinaryWriter()
    .uint32(tag(1, VARINT))
    .int32(type === 'string' ? STRING_TYPE : ONNX_TYPES[type])
    .uint32(tag(2, LENGTH_DELIMITED))
    .bytes(dimensions.finish())
    .finish();
  return new BinaryWriter()
    .uint32(tag(1, LENGTH_DELIMITED))
    .string(name)
    .uint32(tag(2, LENGTH_DELIMITED))
    .bytes(new BinaryWriter().uint32(tag(1, LENGTH_DELIMITED)).bytes(tensorType).finish())
    .finish();
}
