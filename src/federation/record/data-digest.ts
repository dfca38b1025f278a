/**
 * A digest of training data: which examples, in which order, with which targets. A run that is
 * resumed on other data is another run, and nothing in its model would show it. The digest is
 * computed in pieces, so that the event loop runs between them. It stays where the data are, since
 * a digest of few or known examples reveals them.
 */

import { sha256Hex } from '../../base/sha256.js';
import { turnTaker } from '../../base/turns.js';
import { type Column, columnsOf, type Dataset } from '../../data/dataset.js';
import { exampleReader } from '../../data/example-reader.js';
import { sizeOf } from '../../tensor/shape.js';

/** The number of examples that are hashed at once. */
const PIECE = 512;

/**
 * SHA-256 over the digests of the pieces. For each example a piece has its place in the set
 * (uint32) and its values in every column, inputs before targets.
 * @param parts places in the set, such as those for training and those for validation
 */
export async function dataDigest(dataset: Dataset, ...parts: readonly Uint32Array[]): Promise<string> {
  const takeTurn = turnTaker();
  const columns = columnsOf(dataset);
  const described = columns.map(({ name, dtype, shape, meaning }) => ({ name, dtype, shape, meaning }));
  const digests = [JSON.stringify({ columns: described, parts: parts.map(({ length }) => length) })];
  const readers = columns.map((column) => ({ read: exampleReader(column), length: bytesOfEach(column) }));
  const size = 4 + columns.reduce((sum, column) => sum + bytesOfEach(column), 0);
  for (const indices of parts) {
    for (let from = 0; from < indices.length; from += PIECE) {
      const piece = indices.subarray(from, from + PIECE);
      const bytes = new Uint8Array(piece.length * size);
      const places = new DataView(bytes.buffer);
      for (const [k, index] of piece.entries()) {
        let at = k * size;
        places.setUint32(at, index, true);
        at += 4;
        for (const { read, length } of readers) {
          const { values, at: first } = read(index);
          const start = values.byteOffset + first * values.BYTES_PER_ELEMENT;
          bytes.set(new Uint8Array(values.buffer, start, length), at);
          at += length;
        }
      }
      digests.push(await sha256Hex(bytes));
      await takeTurn();
    }
  }
  return sha256Hex(new TextEncoder().encode(digests.join('\n')));
}

const bytesOfEach = ({ values, shape }: Column) => values.BYTES_PER_ELEMENT * sizeOf(shape);

/** The places of all examples of a set. */
export const everyExample = ({ examples }: Dataset) => Uint32Array.from({ length: examples }, (_, k) => k);
