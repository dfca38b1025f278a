/**
 * Checks arrays that a program passes. JavaScript converts silently: a `Float32Array` of pixels
 * from 0 to 1 is copied into bytes as zeros, and a value beyond the end of an array is `undefined`,
 * then NaN.
 */
import { TensorError } from '../base/error.js';
import { formatShape, type Shape } from './shape.js';

interface ArrayKinds {
  readonly Uint8Array: Uint8Array;
  readonly Uint32Array: Uint32Array;
  readonly Int32Array: Int32Array;
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
}

export type ArrayKind = keyof ArrayKinds;

/**
 * What is wrong, to follow the name of the array: `is a Float32Array, expected a Uint8Array`.
 * Undefined if it is an array of this kind (a Node Buffer is a Uint8Array), and of this length if
 * one is given.
 */
export function arrayProblem(value: unknown, kind: ArrayKind, length?: number): string | undefined {
  const got = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (got !== kind)
    return `is ${withArticle(Array.isArray(value) ? 'list' : got)}, expected ${withArticle(kind)}`;
  const found = (value as ArrayKinds[ArrayKind]).length;
  return length === undefined || found === length ? undefined : `has ${found} numbers, expected ${length}`;
}

/** @throws TensorError that names the array by `what` */
export function requireArray(what: string, value: unknown, kind: ArrayKind, length?: number): void {
  const problem = arrayProblem(value, kind, length);
  if (problem !== undefined) throw new TensorError(`${what} ${problem}`, hintFor(value, kind));
}

/**
 * @throws TensorError unless all extents are whole numbers from `least`, as many as `axes` if
 * given.
 */
export function requireShape(what: string, shape: Shape, { axes = shape?.length, least = 0 } = {}): void {
  const isShape =
    Array.isArray(shape) && shape.every((extent) => Number.isSafeInteger(extent) && extent >= least);
  if (isShape && shape.length === axes) return;
  const got = Array.isArray(shape) ? formatShape(shape) : String(shape);
  const many = axes === undefined ? '' : `${axes} `;
  throw new TensorError(`${what} is ${got}, expected ${many}whole numbers from ${least}`);
}

function hintFor(value: unknown, kind: ArrayKind): { hint?: string } {
  if (!ArrayBuffer.isView(value) && !Array.isArray(value)) return {};
  return { hint: `convert it, such as by ${kind}.from(…), if its numbers are right` };
}

const withArticle = (name: string) => `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
