/**
 * Values that are read as they are needed, for columns larger than memory. Only inputs may be
 * paged, and of them no categories: targets and categories are counted and renumbered, in memory.
 * Where the values lie is the affair of a folder below.
 */

type HeldValues = Uint8Array | Int32Array | Float32Array;

/** The kinds of arrays that values are kept in. */
export const KINDS = { u8: Uint8Array, i32: Int32Array, f32: Float32Array } as const;
export type ValuesKind = keyof typeof KINDS;

/** It answers as an array does; a part of it is read when it is asked for. */
export interface PagedValues {
  readonly kind: ValuesKind;
  readonly length: number;
  readonly byteLength: number;
  readonly BYTES_PER_ELEMENT: number;
  /** The values from `start` up to `end`, in an array of their own. */
  slice(start: number, end: number): HeldValues;
  /** Writes the values from `start` up to `end` to `into`, from `at` on. */
  copyTo(into: HeldValues, at: number, start: number, end: number): void;
  /** Gives back what they are kept in. They cannot be read any more. */
  close(): void;
}

/** Takes the values of a column piece by piece, in their order. */
export interface ValuesWriter<Written = HeldValues | PagedValues> {
  append(values: HeldValues): void;
  /** All that was appended. */
  finish(): Written;
  /** Gives up what was appended. */
  discard(): void;
}

/** When the inputs of a set are paged, and how. */
export interface Paging {
  /** They are if they take more bytes than this. */
  readonly aboveBytes: number;
  writer(kind: ValuesKind): ValuesWriter<PagedValues>;
}

export const isPaged = (values: HeldValues | PagedValues): values is PagedValues =>
  typeof (values as Partial<PagedValues>)?.copyTo === 'function';

/** Of paged values, this many bytes are read at once. */
const BLOCK_BYTES = 2 ** 22;

/**
 * All values in order, in whole examples of `size` numbers: at once if they are in memory,
 * otherwise block by block.
 */
export function* blocksOf(
  values: HeldValues | PagedValues,
  size: number,
): Generator<{ readonly start: number; readonly block: HeldValues }> {
  if (!isPaged(values)) {
    yield { start: 0, block: values };
    return;
  }
  const each = size * Math.max(1, Math.floor(BLOCK_BYTES / (size * values.BYTES_PER_ELEMENT)));
  for (let start = 0; start < values.length; start += each) {
    yield { start, block: values.slice(start, Math.min(start + each, values.length)) };
  }
}
