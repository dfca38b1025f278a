import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { arrayDataset } from '../arrays/array-dataset.js';
import { createBatch, fillBatch } from '../batches/batches.js';
import { batchesHere } from '../batches/training-batches.js';
import { drawAugmentation, writeAugmented } from './augmentation.js';
import { imageDataset } from './image-dataset.js';

/** Two images of 2×2×3. */
const dataset = imageDataset({
  name: 'letters',
  images: Uint8Array.from({ length: 24 }, (_, i) => i + 1),
  labels: Uint8Array.of(0, 1),
  channels: 2,
  height: 2,
  width: 3,
  classNames: ['a', 'b'],
});

const written = (index: number, flip: number, row: number, column: number) => {
  const target = new Uint8Array(14).fill(99);
  const draws = {
    flips: Uint8Array.of(0, flip),
    rows: Int8Array.of(0, row),
    columns: Int8Array.of(0, column),
  };
  writeAugmented(target, 1, dataset.inputs[0]!, index, draws, 1);
  return [...target];
};

it('an image without flip and shift is itself, and nothing beside it is touched', () => {
  expect(written(1, 0, 0, 0)).toEqual([99, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 99]);
});

it('a flip mirrors every line of every channel', () => {
  expect(written(0, 1, 0, 0)).toEqual([99, 3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10, 99]);
});

it('a shift moves down and right, and up and left, and leaves zeros', () => {
  expect(written(0, 0, 1, 1)).toEqual([99, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7, 8, 99]);
  expect(written(0, 0, -1, -2)).toEqual([99, 6, 0, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 99]);
  expect(written(0, 0, 2, 0)).toEqual([99, ...new Array(12).fill(0), 99]);
});

it('a mask moves with its picture, and what comes in is ignored', () => {
  const bytes = Uint8Array.from({ length: 12 }, (_, i) => i + 1);
  const meaning = { kind: 'categories', names: ['0', '1', '2', '3'], ignored: 9 } as const;
  const set = arrayDataset({
    name: 'masks',
    inputs: [{ name: 'images', values: bytes, shape: [1, 2, 3], meaning: { kind: 'picture' } }],
    targets: [
      { name: 'mask', values: bytes.map((byte) => byte % 4), shape: [2, 3], meaning },
      { name: 'labels', values: Uint8Array.of(1, 2), meaning },
    ],
  });
  const batch = createBatch(set, 1);
  const draws = { flips: Uint8Array.of(1), rows: Int8Array.of(0), columns: Int8Array.of(1) };
  fillBatch(batch, set, Uint32Array.of(1), 0, draws);
  expect([...batch.inputs[0]!]).toEqual([0, 9, 8, 0, 12, 11]);
  expect([...batch.targets[0]!]).toEqual([9, 1, 0, 9, 0, 3]);
  expect([...batch.targets[1]!]).toEqual([2]);
});

it('data without pictures are refused', () => {
  const set = arrayDataset({
    name: 'own',
    inputs: [{ name: 'x', values: new Float32Array(2) }],
    targets: [],
  });
  const task = { indices: Uint32Array.of(0), batchSize: 1, steps: 1, seed: 1, participant: 'a', round: 1 };
  expect(() => batchesHere(set, { ...task, augmentation: { flip: true, shift: 0 } })).toThrow(
    '"own" has none',
  );
});

it('an image is mirrored first and shifted then', () => {
  expect(written(0, 1, 0, 1)).toEqual([99, 0, 3, 2, 0, 6, 5, 0, 9, 8, 0, 12, 11, 99]);
});

it('draws are as likely as they should be, within the shift, and those of their stream', () => {
  const draw = () => drawAugmentation({ flip: true, shift: 2 }, 20_000, randomStream('augmentation'));
  const { flips, rows, columns } = draw();
  expect(flips.reduce((sum, flip) => sum + flip, 0) / 20_000).toBeCloseTo(0.5, 1);
  for (const shifts of [rows, columns]) {
    for (const shift of [-2, -1, 0, 1, 2]) {
      expect(shifts.filter((drawn) => drawn === shift).length / 20_000).toBeCloseTo(0.2, 1);
    }
  }
  expect(draw()).toEqual({ flips, rows, columns });
  expect(drawAugmentation({ flip: false, shift: 0 }, 3, randomStream('x')).flips).toEqual(new Uint8Array(3));
});
