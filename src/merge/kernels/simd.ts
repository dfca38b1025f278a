/**
 * Memory in which merging handles four numbers at a time. A merge of files reads into this memory.
 * `simd-module.ts` combines or multiplies columns of float32 that lie in it; JavaScript handles all
 * other columns, with the same results to the bit.
 */

import type { ValueColumn } from '../strategy.js';
import { simdModule } from './simd-module.js';

interface Kernels {
  finite(values: number, n: number): number;
  max(columns: number, k: number, n: number, out: number): void;
  absmax(columns: number, k: number, n: number, out: number): void;
  weightedSum(columns: number, weights: number, k: number, n: number, divisor: number, out: number): void;
  productSums(x: number, y: number, n: number, out: number): void;
  productSumsF64(x: number, y: number, n: number, out: number): void;
  squareSums(x: number, y: number, n: number, out: number): void;
  subtract(x: number, y: number, n: number, unused: number): void;
  exchange(x: number, y: number, n: number, unused: number): void;
  exchangeWith(x: number, y: number, n: number, more: number): void;
}

interface Simd {
  readonly kernels: Kernels;
  /** For the addresses and weights of columns, `MAX_COLUMNS` of each. */
  readonly addresses: Uint32Array;
  readonly weights: Float64Array;
}

const PAGE = 65_536;
/** The size of a line of a processor's cache, in bytes. */
const LINE = 64;
/**
 * Columns whose distance is a power of two would compete for the same few places of the cache. So
 * each column begins a few lines further on.
 */
const STAGGER = 5 * LINE;
const MAX_COLUMNS = 4096;
const known = new WeakMap<ArrayBufferLike, Simd>();
let compiled: WebAssembly.Module | undefined;

/** Buffers of these sizes for columns, all in one such memory. */
export function simdBuffers(sizes: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const aligned = sizes.map((size) => Math.ceil(size / LINE) * LINE + STAGGER);
  const table = MAX_COLUMNS * 12;
  const bytes = aligned.reduce((sum, size) => sum + size, table);
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  compiled ??= new WebAssembly.Module(simdModule());
  const { exports } = new WebAssembly.Instance(compiled, { merge: { memory } });
  known.set(memory.buffer, {
    kernels: exports as unknown as Kernels,
    weights: new Float64Array(memory.buffer, 0, MAX_COLUMNS),
    addresses: new Uint32Array(memory.buffer, MAX_COLUMNS * 8, MAX_COLUMNS),
  });
  let at = table;
  return sizes.map((size, k) => {
    const buffer = new Uint8Array(memory.buffer, at, size);
    at += aligned[k] as number;
    return buffer;
  });
}

/**
 * How many values, from the first, were checked and are finite: all that fill multiples of 4, or
 * none.
 */
export function finiteBySimd(values: ValueColumn): number {
  const simd = values instanceof Float32Array ? known.get(values.buffer) : undefined;
  const n = values.length - (values.length % 4);
  return simd?.kernels.finite(values.byteOffset, n) === 1 ? n : 0;
}

/** How many values of `out`, from the first, were written. */
export function extremeBySimd(
  kernel: 'max' | 'absmax',
  out: ValueColumn,
  columns: readonly ValueColumn[],
): number {
  const simd = simdOf(out, columns);
  if (simd === undefined) return 0;
  const n = out.length - (out.length % 4);
  simd.kernels[kernel](simd.addresses.byteOffset, columns.length, n, out.byteOffset);
  return n;
}

/** (Σ wₖ·xₖ)/divisor. Returns how many values of `out`, from the first, were written. */
export function weightedSumBySimd(
  out: ValueColumn,
  columns: readonly ValueColumn[],
  weights: readonly number[],
  divisor: number,
): number {
  const simd = simdOf(out, columns);
  if (simd === undefined) return 0;
  const n = out.length - (out.length % 4);
  simd.weights.set(weights);
  const { addresses, kernels } = simd;
  kernels.weightedSum(addresses.byteOffset, 0, columns.length, n, divisor, out.byteOffset);
  return n;
}

/**
 * Σ xᵢ·yᵢ over i ≡ 0, 1, 2 and 3 (mod 4), up to the last multiple of four; undefined if the columns
 * do not lie in one such memory.
 */
export function productSumsBySimd(x: ValueColumn, y: ValueColumn): Float64Array | undefined {
  return pairSums(x instanceof Float64Array ? 'productSumsF64' : 'productSums', x, y);
}

/** Σ (xᵢ − yᵢ)², likewise. */
export function squareSumsBySimd(x: ValueColumn, y: ValueColumn): Float64Array | undefined {
  return x instanceof Float32Array ? pairSums('squareSums', x, y) : undefined;
}

/** x = x − y in the first n values, n even, of two columns in such a memory. */
export function subtractBySimd(x: Float64Array, y: Float64Array, n: number): void {
  together(x, y).subtract(x.byteOffset, y.byteOffset, n, 0);
}

/**
 * The smaller of each of the first n values goes to x, the larger to y, both in such a memory; n is
 * even.
 * @param more so many values behind each lies what goes with it; 0 for nothing
 */
export function exchangeBySimd(x: Float64Array, y: Float64Array, n: number, more: number): void {
  const kernels = together(x, y);
  if (more === 0) kernels.exchange(x.byteOffset, y.byteOffset, n, 0);
  else kernels.exchangeWith(x.byteOffset, y.byteOffset, n, 8 * more);
}

function together(x: Float64Array, y: Float64Array): Kernels {
  const kernels = known.get(x.buffer)?.kernels;
  if (kernels === undefined || y.buffer !== x.buffer) throw new Error('internal: no memory for SIMD');
  return kernels;
}

function pairSums(
  kernel: 'productSums' | 'productSumsF64' | 'squareSums',
  x: ValueColumn,
  y: ValueColumn,
): Float64Array | undefined {
  const simd = x.constructor === y.constructor ? known.get(x.buffer) : undefined;
  if (simd === undefined || y.buffer !== x.buffer) return undefined;
  const sums = simd.weights.subarray(0, 4);
  simd.kernels[kernel](x.byteOffset, y.byteOffset, x.length - (x.length % 4), sums.byteOffset);
  return sums;
}

/** The memory that holds all these columns, with their addresses in its table. */
function simdOf(out: ValueColumn, columns: readonly ValueColumn[]): Simd | undefined {
  const simd = known.get(out.buffer);
  const together = [out, ...columns].every(
    (values) => values instanceof Float32Array && values.buffer === out.buffer,
  );
  if (simd === undefined || !together || columns.length > MAX_COLUMNS) return undefined;
  columns.forEach((column, k) => {
    simd.addresses[k] = column.byteOffset;
  });
  return simd;
}
