/**
 * Reads a range of a tensor that is stored with strides (a transposed view, channels last, one
 * value for many places) in row-major order. Few bytes are in memory beside the range: what lies
 * close together in the file is read in one go, the rest piece by piece.
 */
import { type Shape, stridesOf } from '../shape.js';

export interface StridedTensor {
  readonly shape: Shape;
  /** In elements, not below 0. */
  readonly strides: readonly number[];
  /** The byte of the first element. */
  readonly position: number;
  /** Bytes of an element. */
  readonly width: number;
}

/** Fills `target` with the bytes of the file from `position` on. */
export type ReadAt = (position: number, target: Uint8Array) => void;

/** What is read in one go. */
const WINDOW_BYTES = 1 << 18;
/** What a read that is left out must save: reading so much more takes no longer. */
const NEAR_BYTES = 4096;

interface BoxAxis {
  readonly extent: number;
  /** Bytes between neighbours in the file, and in the range. */
  readonly step: number;
  readonly out: number;
}

/**
 * @param from the first element in row-major order
 * @param target for as many elements as are read
 */
export function readStrided(tensor: StridedTensor, from: number, target: Uint8Array, read: ReadAt): void {
  const { shape, strides, position, width } = tensor;
  const inner = stridesOf(shape);
  const gather = gatherer(target, width, read);
  let out = 0;
  rows(0, position, from, target.length / width);

  /** Cuts the range into whole boxes of rows, and what is left of a row at its ends. */
  function rows(axis: number, at: number, first: number, count: number): void {
    const size = inner[axis];
    if (size === undefined) {
      take([], at, count);
      return;
    }
    const step = (strides[axis] as number) * width;
    let row = Math.floor(first / size);
    let within = first - row * size;
    for (let left = count; left > 0; ) {
      if (within === 0 && left >= size) {
        const many = Math.floor(left / size);
        const others = shape.slice(axis + 1).map((extent, k) => axisOf(axis + 1 + k, extent));
        take([axisOf(axis, many), ...others], at + row * step, many * size);
        left -= many * size;
        row += many;
      } else {
        const some = Math.min(size - within, left);
        rows(axis + 1, at + row * step, within, some);
        left -= some;
        within = 0;
        row++;
      }
    }
  }

  function axisOf(axis: number, extent: number): BoxAxis {
    return { extent, step: (strides[axis] as number) * width, out: (inner[axis] as number) * width };
  }

  function take(axes: readonly BoxAxis[], at: number, count: number): void {
    const far = axes.filter(({ extent }) => extent !== 1).sort((a, b) => b.step - a.step);
    gather(far, at, out);
    out += count * width;
  }
}

/** @returns a function that reads a box; its axes are in the order of their steps, widest first */
function gatherer(target: Uint8Array, width: number, read: ReadAt) {
  const window = new Uint8Array(WINDOW_BYTES);
  return function gather(axes: readonly BoxAxis[], at: number, out: number): void {
    const [first, ...rest] = axes;
    if (first === undefined) {
      read(at, target.subarray(out, out + width));
      return;
    }
    const { extent, step } = first;
    const span = spanOf(rest, width);
    const isNear = step <= NEAR_BYTES || 4 * span >= step;
    const fit = step === 0 ? extent : Math.floor((WINDOW_BYTES - span) / step) + 1;
    const together = span > WINDOW_BYTES || !isNear ? 0 : Math.min(extent, fit);
    if (together === 0) {
      for (let i = 0; i < extent; i++) gather(rest, at + i * step, out + i * first.out);
      return;
    }
    for (let i = 0; i < extent; i += together) {
      const some = Math.min(together, extent - i);
      const bytes = window.subarray(0, (some - 1) * step + span);
      read(at + i * step, bytes);
      scatter(bytes, [{ ...first, extent: some }, ...rest], 0, 0, out + i * first.out);
    }
  };

  function scatter(bytes: Uint8Array, axes: readonly BoxAxis[], k: number, at: number, out: number): void {
    const axis = axes[k];
    if (axis === undefined) {
      for (let byte = 0; byte < width; byte++) target[out + byte] = bytes[at + byte] as number;
      return;
    }
    for (let i = 0; i < axis.extent; i++) scatter(bytes, axes, k + 1, at + i * axis.step, out + i * axis.out);
  }
}

/** Bytes from the first element to the end of the last. */
const spanOf = (axes: readonly BoxAxis[], width: number) =>
  axes.reduce((span, { extent, step }) => span + (extent - 1) * step, width);
