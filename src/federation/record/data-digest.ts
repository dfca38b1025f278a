/**
 * A digest of what somebody trains on: which examples, in which order, with which labels. A run that is resumed on other data
 * is another run, and nothing in its model would show it. Computed in pieces, so that nobody waits for it; it stays where the
 * data are, for a digest of few or known examples tells what they are.
 */

import { sha256Hex } from '../../base/sha256.js';
import { turnTaker } from '../../base/turns.js';
import { type ImageDataset, imageBytes } from '../../data/images/image-dataset.js';

/** Examples that are hashed at once. */
const PIECE = 512;

/**
 * SHA-256 over the digests of the pieces; of each example, its place in the set (uint32), its label and its bytes.
 * @param parts places in the set, such as those for training and those for validation
 */
export async function dataDigest(dataset: ImageDataset, ...parts: readonly Uint32Array[]): Promise<string> {
  const { channels, height, width, classNames, images, labels } = dataset;
  const takeTurn = turnTaker();
  const head = { shape: [channels, height, width], classNames, parts: parts.map(({ length }) => length) };
  const digests = [JSON.stringify(head)];
  const size = imageBytes(dataset);
  for (const indices of parts) {
    for (let from = 0; from < indices.length; from += PIECE) {
      const piece = indices.subarray(from, from + PIECE);
      const bytes = new Uint8Array(piece.length * (size + 5));
      const places = new DataView(bytes.buffer);
      for (const [k, index] of piece.entries()) {
        const at = k * (size + 5);
        places.setUint32(at, index, true);
        bytes[at + 4] = labels[index] as number;
        bytes.set(images.subarray(index * size, (index + 1) * size), at + 5);
      }
      digests.push(await sha256Hex(bytes));
      await takeTurn();
    }
  }
  return sha256Hex(new TextEncoder().encode(digests.join('\n')));
}

/** Every example of a set. */
export const everyExample = ({ examples }: ImageDataset) =>
  Uint32Array.from({ length: examples }, (_, k) => k);
