/**
 * Checks the header of an update's file. It must be, to the byte, what a participant writes: the
 * tensors of the plan, in order, without metadata, in which a sender could put any bytes. A
 * difference is described in words. Node only.
 */
import { open } from 'node:fs/promises';
import { formatSafetensorsHeader, type SafetensorsEntry } from '../../../tensor/safetensors-header.js';
import { layoutDifference, stateLayout } from '../../../tensor/state-dict.js';
import type { TensorFile } from '../../../tensor/weights/node/safetensors-file.js';
import { readUpTo, unreadable } from '../../../tensor/weights/node/tensor-source.js';

export interface UpdateHeader {
  /**
   * The problem with the header's length. A very long header (the format allows 100 MB) is not
   * read; one of about the right length is, to say what is wrong.
   * @throws UnreadableError when the file cannot be read
   */
  lengthProblem(path: string): Promise<string | undefined>;
  problem(file: TensorFile): string | undefined;
}

/**
 * @param entries the expected tensors
 * @param what the name of the file in the message
 */
export function updateHeader(entries: readonly SafetensorsEntry[], what: string): UpdateHeader {
  const expected = formatSafetensorsHeader(entries);
  return {
    async lengthProblem(path) {
      const handle = await open(path, 'r').catch((cause: unknown) => {
        throw unreadable(path, cause);
      });
      try {
        const prefix = readUpTo(handle.fd, path, 0, new Uint8Array(8));
        if (prefix.length < 8)
          return `${what} has ${prefix.length} bytes, expected at least ${expected.length}`;
        const length = 8 + Number(new DataView(prefix.buffer).getBigUint64(0, true));
        if (length <= 2 * expected.length + 4096) return undefined;
        return `${what} has a header of ${length} bytes, expected ${expected.length}`;
      } finally {
        await handle.close();
      }
    },
    problem(file) {
      const actual = readUpTo(file.fd, file.path, 0, new Uint8Array(expected.length));
      // The sizes of the tensors and of the file were compared when it was opened.
      const { dataStart, entries: given } = file.header;
      if (dataStart === expected.length && Buffer.compare(actual, expected) === 0) return undefined;
      return (
        differenceOf(given, entries, what) ??
        `${what}: its header is written in another way than commonweight writes it, expected ${expected.length} bytes without metadata`
      );
    },
  };
}

function differenceOf(
  given: readonly SafetensorsEntry[],
  expected: readonly SafetensorsEntry[],
  what: string,
): string | undefined {
  const tableOf = (entries: readonly SafetensorsEntry[]) =>
    stateLayout(entries.map(({ name, shape }) => [name, shape] as const));
  const difference = layoutDifference(tableOf(given), tableOf(expected));
  if (difference !== undefined) return `${what}: ${difference}`;
  const dtypes = new Map(expected.map(({ name, dtype }) => [name, dtype]));
  const other = given.find(({ name, dtype }) => dtype !== dtypes.get(name));
  if (other !== undefined) {
    return `"${other.name}" is ${other.dtype} in ${what}, expected ${dtypes.get(other.name)}`;
  }
  const misplaced = given.findIndex(({ name }, place) => name !== expected[place]?.name);
  if (misplaced < 0) return undefined;
  return `${what} has "${given[misplaced]?.name}" in place ${misplaced + 1}, expected "${expected[misplaced]?.name}"`;
}
