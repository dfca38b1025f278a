/**
 * What came in as an update is somebody else's file: before it counts it must be, to the byte of
 * its header, what `encodeSafetensors` writes for the plan's tensors, and hold sound numbers only.
 * Read in pieces, so that memory does not depend on the model's size, with turns of the event loop
 * between them. Node only.
 */
import { open } from 'node:fs/promises';
import { TensorError } from '../../base/error.js';
import { turnTaker } from '../../base/turns.js';
import { openTensorFile, type TensorFile } from '../../merge/files/tensor-file.js';
import { readChunk, readUpTo, unreadable } from '../../merge/files/tensor-source.js';
import { firstNotFinite } from '../../merge/kernels/block.js';
import { roleOf } from '../../tensor/roles.js';
import { formatSafetensorsHeader } from '../../tensor/safetensors-header.js';
import {
  layoutDifference,
  layoutSize,
  type StateDict,
  type StateLayout,
  stateLayout,
} from '../../tensor/state-dict.js';
import { clippedAtMost } from '../../transforms/clip.js';
import { openState, readerOf, type StateReader } from './state-reader.js';

export interface UpdateCheck {
  /** Whose it is and what, for the message: `the update of "site-b"`. */
  readonly what: string;
  /** The state that the work began with, or its file; distances count from zero without one. */
  readonly base?: string | StateDict | undefined;
  /**
   * The farthest that weights may have moved, as the root of their mean square, in units of the
   * base's or of 1, whichever is more; 100 by default. What one round moves is below 1, and numbers
   * like that would drown everybody else's in a mean.
   */
  readonly farthest?: number | undefined;
  /**
   * The largest L2 norm of the change of the weights, where updates are clipped; any by default.
   */
  readonly clip?: number | undefined;
  /** No value is below it; any by default. */
  readonly least?: number | undefined;
}

const FARTHEST = 100;
const PIECE_BYTES = 1 << 20;

export type CheckedUpdate =
  /** What is wrong with the file, in a line (who, what, expected, got). */
  | { readonly problem: string }
  /** How far the weights moved, as the root of the mean square, in units of the base's; from zero where there is no base. */
  | { readonly problem?: undefined; readonly moved: number };

/** @throws MergeError when a file cannot be read, or the base is no model of these tensors */
export async function checkUpdate(
  path: string,
  layout: StateLayout,
  { what, base: began, farthest = FARTHEST, clip = Infinity, least = -Infinity }: UpdateCheck,
): Promise<CheckedUpdate> {
  const expected = headerOf(layout);
  const refused = await headerLengthProblem(path, expected.length, what);
  if (refused !== undefined) return { problem: refused };
  let file: TensorFile;
  try {
    file = await openTensorFile(path);
  } catch (error) {
    if (error instanceof TensorError) return { problem: error.message.replace(path, what) };
    throw error;
  }
  const base = typeof began === 'string' ? await openState(began) : began && readerOf(began);
  try {
    const problem = headerProblem(file, layout, expected, what);
    return problem === undefined ? await checkValues(file, base) : { problem };
  } finally {
    await file.handle.close();
    await base?.close();
  }

  async function checkValues(file: TensorFile, base: StateReader | undefined): Promise<CheckedUpdate> {
    const takeTurn = turnTaker();
    const own = new Float32Array(PIECE_BYTES / 4);
    const [all, weights] = [
      { moved: 0, base: 0 },
      { moved: 0, base: 0 },
    ];
    for (const tensor of layout) {
      const { name, size } = tensor;
      for (let at = 0; at < size; at += own.length) {
        await takeTurn();
        const count = Math.min(own.length, size - at);
        const piece = { name, dtype: 'F32', at: 4 * at, bytes: 4 * count } as const;
        readChunk(file, piece, new Uint8Array(own.buffer));
        const values = own.subarray(0, count);
        const bad = firstNotFinite(values);
        if (bad >= 0) return unsound(name, at + bad, values[bad], 'a finite number');
        const low = least === -Infinity ? -1 : values.findIndex((value) => value < least);
        if (low >= 0) return unsound(name, at + low, values[low], `a number from ${least}`);
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

  function unsound(name: string, index: number, value: number | undefined, expected: string) {
    return { problem: `"${name}" is ${value} at index ${index} in ${what}, expected ${expected}` };
  }
}

/** The sums of squares of the change, and of what it began with. */
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

const headerOf = (layout: StateLayout) =>
  formatSafetensorsHeader(
    layout.map(({ name, shape, offset, size }) => ({
      ...{ name, shape, dtype: 'F32' },
      ...{ begin: 4 * offset, end: 4 * (offset + size) },
    })),
  );

/**
 * A header as long as the format allows, 100 MB, is not even read; one of about the right length
 * is, to say what is wrong.
 */
async function headerLengthProblem(
  path: string,
  expected: number,
  what: string,
): Promise<string | undefined> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  try {
    const prefix = readUpTo(handle.fd, path, 0, new Uint8Array(8));
    if (prefix.length < 8) return `${what} has ${prefix.length} bytes, expected at least ${expected}`;
    const length = 8 + Number(new DataView(prefix.buffer).getBigUint64(0, true));
    if (length <= 2 * expected + 4096) return undefined;
    return `${what} has a header of ${length} bytes, expected ${expected}`;
  } finally {
    await handle.close();
  }
}

function headerProblem(
  file: TensorFile,
  layout: StateLayout,
  expected: Uint8Array,
  what: string,
): string | undefined {
  const actual = readUpTo(file.fd, file.path, 0, new Uint8Array(expected.length));
  // The sizes of tensors and of the file have been compared when it was opened.
  if (file.header.dataStart === expected.length && Buffer.compare(actual, expected) === 0) return undefined;
  const { entries } = file.header;
  const difference = layoutDifference(
    stateLayout(entries.map(({ name, shape }) => [name, shape] as const)),
    layout,
  );
  if (difference !== undefined) return `${what}: ${difference}`;
  const other = entries.find(({ dtype }) => dtype !== 'F32');
  if (other !== undefined) return `"${other.name}" is ${other.dtype} in ${what}, expected F32`;
  const misplaced = entries.findIndex(({ name }, place) => name !== layout[place]?.name);
  if (misplaced >= 0) {
    return `${what} has "${entries[misplaced]?.name}" in place ${misplaced + 1}, expected "${layout[misplaced]?.name}"`;
  }
  return `${what}: its header is written in another way than commonweight writes it, expected ${expected.length} bytes without metadata`;
}
