/**
 * Checks one file of an update before it counts: it comes from another machine, and
 * `accept-or-refuse.ts` refuses the update if this finds a problem. Its header must be, to the
 * byte, what a participant writes by the codec for the plan's tensors, and its numbers must be
 * finite and not too far from the base. Plain numbers are read in pieces, with turns of the event
 * loop between them, so that memory does not depend on the model's size. Other codecs are decoded
 * as a whole. Node only.
 */
import { readFile } from 'node:fs/promises';
import { TensorError } from '../../../base/error.js';
import { turnTaker } from '../../../base/turns.js';
import { firstNotFinite } from '../../../merge/kernels/block.js';
import { roleOf } from '../../../tensor/roles.js';
import { layoutSize, type StateDict, type StateLayout } from '../../../tensor/state-dict.js';
import { openTensorFile } from '../../../tensor/weights/node/safetensors-file.js';
import { clippedAtMost } from '../../../transforms/clip.js';
import type { Codec } from '../../../transforms/codec/codec.js';
import { codedEntries, decodeStateInTurns } from '../../../transforms/codec/coded-file.js';
import { plain } from '../../../transforms/codec/plain.js';
import { firstBeyondBound } from '../../methods/check-bound.js';
import type { Bound } from '../../methods/method.js';
import { fileReader, readerOf, type StateReader } from './state-reader.js';
import { type UpdateHeader, updateHeader } from './update-header.js';

export interface UpdateCheck {
  /** The owner and content of the file, for the message: `the update of "site-b"`. */
  readonly what: string;
  /** The codec of its weights; plain by default. Another one needs `base` as a state. */
  readonly codec?: Codec | undefined;
  /** The state that the work began with, or its file; without one, distances count from zero. */
  readonly base?: string | StateDict | undefined;
  /**
   * How far weights may have moved: the root of the mean square of their change, relative to that
   * of the base or to 1, whichever is larger; 100 by default. One round moves them by less than 1,
   * and much larger numbers would dominate a mean.
   */
  readonly farthest?: number | undefined;
  /** The largest L2 norm of the change of the weights if updates are clipped; any by default. */
  readonly clip?: number | undefined;
  /** The bound of each value; any finite number by default. */
  readonly bound?: Bound | undefined;
}

const FARTHEST = 100;
/** The number of values that are read without a turn of the event loop between them. */
const PIECE = 1 << 18;

export type CheckedUpdate =
  /** The problem with the file, in a line (who, what, expected, got). */
  | { readonly problem: string }
  /**
   * How far the weights moved: the root of the mean square of their change, relative to that of the
   * base; from zero if there is no base.
   */
  | { readonly problem?: undefined; readonly moved: number };

/**
 * @throws UnreadableError when a file cannot be read; TensorError when the base is not a model with
 * these tensors
 */
export async function checkUpdate(
  path: string,
  layout: StateLayout,
  check: UpdateCheck,
): Promise<CheckedUpdate> {
  const { what, codec = plain } = check;
  const header = updateHeader(codedEntries(layout, codec), what);
  const refused = await header.lengthProblem(path);
  if (refused !== undefined) return { problem: refused };
  const base = typeof check.base === 'string' ? await openTensorFile(check.base) : undefined;
  try {
    const began = typeof check.base === 'object' ? readerOf(check.base) : base && fileReader(base);
    return await checkFile(path, began, header, layout, check);
  } catch (error) {
    if (error instanceof TensorError) return { problem: error.message.replace(path, what) };
    throw error;
  } finally {
    await base?.handle.close();
  }
}

async function checkFile(
  path: string,
  began: StateReader | undefined,
  header: UpdateHeader,
  layout: StateLayout,
  check: UpdateCheck,
): Promise<CheckedUpdate> {
  const file = await openTensorFile(path);
  try {
    const problem = header.problem(file);
    if (problem !== undefined) return { problem };
    const isPlain = (check.codec ?? plain) === plain;
    const own = isPlain ? fileReader(file) : readerOf(await decoded(path, layout, check));
    return await checkValues(own, began, layout, check);
  } finally {
    await file.handle.close();
  }
}

async function decoded(
  path: string,
  layout: StateLayout,
  { codec = plain, base, what }: UpdateCheck,
): Promise<StateDict> {
  if (typeof base !== 'object') throw new Error('internal: an update is decoded without what it began with');
  return decodeStateInTurns(await readFile(path), layout, base, codec, what, turnTaker());
}

async function checkValues(
  own: StateReader,
  base: StateReader | undefined,
  layout: StateLayout,
  { what, farthest = FARTHEST, clip = Infinity, bound }: UpdateCheck,
): Promise<CheckedUpdate> {
  const takeTurn = turnTaker();
  const unsound = (name: string, index: number, value: number | undefined, expected: string) => ({
    problem: `"${name}" is ${value} at index ${index} in ${what}, expected ${expected}`,
  });
  const [all, weights] = [
    { moved: 0, base: 0 },
    { moved: 0, base: 0 },
  ];
  for (const tensor of layout) {
    const { name, size } = tensor;
    for (let at = 0; at < size; at += PIECE) {
      await takeTurn();
      const count = Math.min(PIECE, size - at);
      const values = own.read(tensor, at, count);
      const bad = firstNotFinite(values);
      if (bad >= 0) return unsound(name, at + bad, values[bad], 'a finite number');
      const beyond = bound && firstBeyondBound(values, bound);
      if (beyond) return unsound(name, at + beyond.index, values[beyond.index], beyond.expected);
      const squares = squaresOf(values, base?.read(tensor, at, count));
      for (const sum of roleOf(name) === 'weight' ? [all, weights] : [all]) {
        sum.moved += squares.moved;
        sum.base += squares.base;
      }
    }
  }
  const size = Math.max(layoutSize(layout), 1);
  const [distance, began] = [Math.sqrt(all.moved / size), Math.sqrt(all.base / size)];
  const most = farthest * Math.max(began, 1);
  if (distance > most) {
    const from = base === undefined ? 'zero' : 'where they began';
    return {
      problem: `the weights of ${what} lie ${distance.toPrecision(3)} from ${from} (root of the mean square), expected at most ${Number(most.toPrecision(3))}`,
    };
  }
  const norm = Math.sqrt(weights.moved);
  if (norm <= clippedAtMost(clip, Math.sqrt(weights.base))) return { moved: distance / (began || 1) };
  return {
    problem: `the weights of ${what} have changed by ${norm.toPrecision(4)} (L2 norm), expected at most ${clip}, which is "clipUpdate"`,
  };
}

/** The sums of squares of the change, and of the base. */
function squaresOf(values: Float32Array, base: Float32Array | undefined) {
  const squares = { moved: 0, base: 0 };
  for (let i = 0; i < values.length; i++) {
    const began = base === undefined ? 0 : (base[i] as number);
    const moved = (values[i] as number) - began;
    squares.moved += moved * moved;
    squares.base += began * began;
  }
  return squares;
}
