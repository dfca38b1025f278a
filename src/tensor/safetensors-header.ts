/**
 * The header of a safetensors file: 8 bytes with the length of a JSON text, little-endian, then the
 * text. For each tensor it gives the dtype, the shape and where its bytes are after the header.
 * Tensors are little-endian and row-major, without gaps.
 * @see https://github.com/huggingface/safetensors#format
 */
import * as z from 'zod';
import { TensorError } from '../base/error.js';
import { excerpt } from '../base/excerpt.js';
import { type Dtype, dtypeBytes } from './dtype.js';
import { foreignFormat } from './foreign-format.js';
import { formatShape, type Shape, sizeOf } from './shape.js';

export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Where the tensor's bytes begin and end, counted from the end of the header. */
  readonly begin: number;
  readonly end: number;
}

export type SafetensorsMetadata = Readonly<Record<string, string>>;

export interface SafetensorsHeader {
  /** In the order of their bytes in the file. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: SafetensorsMetadata;
  /** Bytes before the first tensor. */
  readonly dataStart: number;
}

/** The format's own limit for the JSON text, in bytes. */
const maxHeaderBytes = 100_000_000;

const metadataKey = '__metadata__';
// Some programs write null for none.
const metadataSchema = z.record(z.string(), z.string()).nullable();
const byteOffset = z.int().nonnegative();
const tensorSchema = z.object({
  dtype: z.enum(Object.keys(dtypeBytes) as Dtype[]),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([byteOffset, byteOffset]),
});

/**
 * How many bytes come before the first tensor, from the first 8 bytes of a file of `fileBytes`
 * bytes. With more bytes, an error can say what else the file is.
 * @throws TensorError when the file cannot be a safetensors file, or is cut short.
 */
export function safetensorsDataStart(bytes: Uint8Array, fileName: string, fileBytes = bytes.length): number {
  const length = headerLength(bytes);
  const foreign = mayBeSafetensors(bytes) ? undefined : foreignFormat(bytes);
  if (foreign !== undefined) {
    throw new TensorError(`${fileName}: this is ${foreign.name}, expected a safetensors file`, {
      hint: foreign.hint,
    });
  }
  if (length === undefined) {
    throw invalid(fileName, `the file has ${fileBytes} bytes, expected at least 8`);
  }
  if (length > maxHeaderBytes) {
    throw invalid(fileName, `the header's length is ${length} bytes, expected at most ${maxHeaderBytes}`);
  }
  if (8 + length > fileBytes) throw truncated(fileName, `at least ${8 + length}`, fileBytes);
  return 8 + length;
}

/**
 * Whether these can be the first bytes of a safetensors file: an allowed length, then a JSON
 * object.
 */
export function mayBeSafetensors(bytes: Uint8Array): boolean {
  const length = headerLength(bytes);
  return length !== undefined && length <= maxHeaderBytes && (bytes[8] ?? OBJECT) === OBJECT;
}

function headerLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < 8) return undefined;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}

/** "{" */
const OBJECT = 0x7b;

/**
 * Reads and checks the header at the beginning of `bytes`, which need not contain the tensors.
 * @param fileName the name of the file in errors
 * @param fileBytes the size of the whole file
 * @throws TensorError when the header is invalid, or does not fit the file's size.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  fileName: string,
  fileBytes = bytes.length,
): SafetensorsHeader {
  const dataStart = safetensorsDataStart(bytes, fileName, fileBytes);
  if (bytes.length < dataStart) throw truncated(fileName, `at least ${dataStart}`, bytes.length);
  let metadata: SafetensorsMetadata = {};
  const entries: SafetensorsEntry[] = [];
  for (const [name, value] of Object.entries(parseJson(bytes.subarray(8, dataStart), fileName))) {
    if (name === metadataKey) metadata = check(metadataSchema, value, metadataKey, fileName) ?? {};
    else entries.push(parseEntry(name, value, fileName));
  }
  entries.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const entry of entries) {
    if (entry.begin !== end) {
      throw invalid(fileName, `"${entry.name}" begins at byte ${entry.begin} of the data, expected ${end}`);
    }
    end = entry.end;
  }
  if (dataStart + end > fileBytes) throw truncated(fileName, `${dataStart + end}`, fileBytes);
  if (dataStart + end < fileBytes) {
    throw invalid(
      fileName,
      `the tensors end at byte ${dataStart + end}, but the file has ${fileBytes} bytes`,
    );
  }
  return { entries, metadata, dataStart };
}

/**
 * The bytes of a header. The same content gives the same bytes: entries in the given order,
 * metadata sorted by key, spaces up to a multiple of 8 bytes.
 */
export function formatSafetensorsHeader(
  entries: readonly SafetensorsEntry[],
  metadata: SafetensorsMetadata = {},
): Uint8Array<ArrayBuffer> {
  // The JSON is written by hand: JavaScript would put keys that look like numbers first.
  const keys = Object.keys(metadata).sort();
  const pairs = keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`);
  const fields = pairs.length > 0 ? [`"${metadataKey}":{${pairs.join(',')}}`] : [];
  for (const { name, dtype, shape, begin, end } of entries) {
    if (name === metadataKey) throw new TensorError(`safetensors: no tensor can be named "${metadataKey}"`);
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const text = new TextEncoder().encode(`{${fields.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > maxHeaderBytes) {
    throw new TensorError(
      `safetensors: the header would have ${length} bytes, expected at most ${maxHeaderBytes}`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

function parseEntry(name: string, value: unknown, fileName: string): SafetensorsEntry {
  const { dtype, shape, data_offsets } = check(tensorSchema, value, name, fileName);
  const [begin, end] = data_offsets;
  const expected = sizeOf(shape) * dtypeBytes[dtype];
  if (end - begin !== expected) {
    const got = `bytes ${begin} to ${end}`;
    throw invalid(
      fileName,
      `"${name}" has ${got}, expected ${expected} bytes for ${dtype} ${formatShape(shape)}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function parseJson(bytes: Uint8Array, fileName: string): object {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(fileName, 'the header is not JSON in UTF-8', cause);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(fileName, `the header is ${excerpt(value)}, expected an object`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw invalid(fileName, `the header names "${twice}" twice`);
  return value;
}

/**
 * The first key that occurs twice in an object's JSON text (known to be valid): JSON.parse would
 * silently keep the last.
 */
function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  // Strings are walked by hand: a regular expression that repeats a choice runs out of stack on a
  // long string.
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') depth--;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (depth === 1 && isKey(text, end)) {
        const name = JSON.parse(text.slice(at, end)) as string;
        if (seen.has(name)) return name;
        seen.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The end of the string that begins at a place. */
function endOfString(text: string, begin: number): number {
  let at = begin + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (' \t\n\r'.includes(text[at] ?? '.')) at++;
  return text[at] === ':';
}

function check<T>(schema: z.ZodType<T>, value: unknown, name: string, fileName: string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const where = [`"${name}"`, ...(issue?.path ?? [])].join('.');
  throw invalid(fileName, `${where} is ${excerpt(issue?.input)}: ${issue?.message}`);
}

function invalid(fileName: string, problem: string, cause?: unknown): TensorError {
  return new TensorError(`${fileName}: not a valid safetensors file: ${problem}`, {
    hint: 'check that it is the right file, or write it again',
    cause,
  });
}

function truncated(fileName: string, expected: string, got: number): TensorError {
  return new TensorError(`${fileName}: the file is cut short: expected ${expected} bytes, got ${got}`, {
    hint: 'copy or download it again',
  });
}
