/**
 * Reads a protobuf message from elsewhere, in one of two ways. A message that our own writer should
 * have written is accepted only as it would have written it: no unknown field, no repeated field
 * that should occur once, and no other encoding of the same values. So every later reader
 * understands the same as this one. A message of another program may say more, which is skipped.
 */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { CommonweightError } from '../../../../base/error.js';

export class OnnxError extends CommonweightError {
  override readonly name = 'OnnxError';
}

interface Kinds {
  readonly int: bigint;
  /** The bits of a float32. */
  readonly float: number;
  readonly double: number;
  readonly text: string;
  /** Bytes, or a message within. */
  readonly bytes: Uint8Array;
}

interface Coding<Value> {
  readonly wireType: WireType;
  read(reader: BinaryReader): Value;
  write(writer: BinaryWriter, value: Value): void;
}

const CODINGS: { readonly [Kind in keyof Kinds]: Coding<Kinds[Kind]> } = {
  int: {
    wireType: WireType.Varint,
    read: (reader) => BigInt(reader.int64()),
    write: (writer, value) => void writer.int64(value),
  },
  float: {
    wireType: WireType.Bit32,
    read: (reader) => reader.fixed32(),
    write: (writer, value) => void writer.fixed32(value),
  },
  double: {
    wireType: WireType.Bit64,
    read: (reader) => reader.double(),
    write: (writer, value) => void writer.double(value),
  },
  text: {
    wireType: WireType.LengthDelimited,
    read: (reader) => reader.string(),
    write: (writer, value) => void writer.string(value),
  },
  bytes: {
    wireType: WireType.LengthDelimited,
    read: (reader) => reader.bytes(),
    write: (writer, value) => void writer.bytes(value),
  },
};

/** By name: the number of the field, its kind, and whether it may be repeated. */
export type Fields = Readonly<Record<string, readonly [number, keyof Kinds, 'many'?]>>;

export type ValuesOf<Of extends Fields, As extends Record<keyof Kinds, unknown> = Kinds> = {
  readonly [Name in keyof Of]: Of[Name] extends readonly [number, infer Kind extends keyof Kinds, 'many']
    ? readonly As[Kind][]
    : Of[Name] extends readonly [number, infer Kind extends keyof Kinds]
      ? As[Kind] | undefined
      : never;
};

/**
 * @param what the name of the message in errors
 * @param others names of fields that are refused, by their numbers, for errors
 * @throws OnnxError when the message contains anything that is not in `fields`
 */
export function readMessage<const Of extends Fields>(
  bytes: Uint8Array,
  fields: Of,
  what: string,
  others: Readonly<Record<number, string>> = {},
): ValuesOf<Of> {
  const values: Record<string, unknown> = {};
  const byNumber = new Map(Object.entries(fields).map((field) => [field[1][0], field]));
  for (const [name, [, , many]] of Object.entries(fields)) values[name] = many ? [] : undefined;
  const reader = new BinaryReader(bytes);
  const writer = new BinaryWriter();
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const [name, [, kind, many]] =
        byNumber.get(number) ?? refuse(`has ${others[number] ?? `a field ${number}`}`);
      const coding = CODINGS[kind] as Coding<unknown>;
      if (wireType !== coding.wireType) refuse(`has a field "${name}" of another type`);
      const value = coding.read(reader);
      coding.write(writer.tag(number, wireType), value);
      const list = values[name];
      if (many) (list as unknown[]).push(value);
      else if (list === undefined) values[name] = value;
      else refuse(`has two fields "${name}"`);
    }
  } catch (cause) {
    if (cause instanceof OnnxError) throw cause;
    throw new OnnxError(`onnx: ${what} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (!sameBytes(writer.finish(), bytes))
    refuse('is encoded differently from our encoding of the same values');
  return values as ValuesOf<Of>;

  function refuse(problem: string): never {
    throw new OnnxError(`onnx: ${what} ${problem}, which models of this package never have`);
  }
}

/** Whole numbers beyond 2^53 are rounded: they are only bounds, such as "to the end". */
interface ForeignKinds extends Omit<Kinds, 'int'> {
  readonly int: number;
}

const FOREIGN_CODINGS = {
  ...CODINGS,
  int: { ...CODINGS.int, read: (reader: BinaryReader) => Number(reader.int64()) },
};

/** The longest lists: of messages and texts, whose entries cost much memory, and of numbers. */
const MOST_ENTRIES: Readonly<Record<keyof Kinds, number>> = {
  int: 2 ** 22,
  float: 2 ** 25,
  double: 2 ** 25,
  text: 2 ** 18,
  bytes: 2 ** 18,
};

/**
 * Reads a message of another program: unknown fields are skipped, numbers may be packed, and the
 * last of several values counts, as in protobuf's rules. Bytes are views of the message.
 * @param what the name of the message in errors
 * @throws OnnxError when the bytes are no such message
 */
export function readForeignMessage<const Of extends Fields>(
  bytes: Uint8Array,
  fields: Of,
  what: string,
): ValuesOf<Of, { readonly [Kind in keyof Kinds]: ForeignKinds[Kind] }> {
  const values: Record<string, unknown> = {};
  const byNumber = new Map(Object.entries(fields).map((field) => [field[1][0], field]));
  for (const [name, [, , many]] of Object.entries(fields)) values[name] = many ? [] : undefined;
  const reader = new BinaryReader(bytes);
  const add = (name: string, kind: keyof Kinds, value: unknown) => {
    const list = values[name] as unknown[];
    if (list.push(value) > MOST_ENTRIES[kind])
      throw new Error(`it has more than ${MOST_ENTRIES[kind]} ${name}`);
  };
  try {
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      const [name, [, kind, many]] = byNumber.get(number) ?? ['', [0, 'bytes']];
      const coding = FOREIGN_CODINGS[kind] as Coding<unknown>;
      if (name === '') reader.skip(wireType, number);
      else if (wireType === coding.wireType) {
        if (many) add(name, kind, coding.read(reader));
        else values[name] = coding.read(reader);
      } else if (many && wireType === WireType.LengthDelimited) {
        const end = reader.uint32() + reader.pos;
        while (reader.pos < Math.min(end, reader.len)) add(name, kind, coding.read(reader));
      } else throw new Error(`the field "${name}" is of another type`);
      if (reader.pos > reader.len) throw new Error('it ends too early');
    }
  } catch (cause) {
    throw new OnnxError(`onnx: ${what} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return values as never;
}

const sameBytes = (a: Uint8Array, b: Uint8Array) =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);
