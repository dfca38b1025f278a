import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { pagedTwin } from '../../../../test/paged-twin.js';
import { randomStream } from '../../../base/random.js';
import { dataDigest, everyExample } from '../../../federation/record/data-digest.js';
import { arrayDataset } from '../../arrays/array-dataset.js';
import { featureStatistics } from '../../arrays/feature-statistics.js';
import { batches, createBatch, fillBatch } from '../../batches/batches.js';
import { bytesOf, checkColumns, checkDataset, closeDatasets, type Dataset, subset } from '../../dataset.js';
import { drawAugmentation } from '../../images/augmentation.js';
import { asImages, imageAt, imageDataset } from '../../images/image-dataset.js';
import { pixelStatistics } from '../../images/pixel-statistics.js';
import { pagedFileWriter } from './paged-file.js';
import { receivedDataset } from './paging.js';

const root = mkdtempSync(join(tmpdir(), 'paged-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = () => mkdtempSync(join(root, 'of-'));
const EXAMPLES = 37;
const drawn = randomStream(3, 'paged');
const bytes = (count: number) => Uint8Array.from({ length: count }, () => drawn.integer(256));

const pictures = imageDataset({
  ...{ name: 'pictures', images: bytes(EXAMPLES * 3 * 4 * 5), channels: 3, height: 4, width: 5 },
  ...{ labels: Uint8Array.from({ length: EXAMPLES }, (_, k) => k % 2), classNames: ['a', 'b'] },
});
const rows = arrayDataset({
  name: 'rows',
  inputs: [
    { name: 'signal', values: Float32Array.from(bytes(EXAMPLES * 6), (one) => one / 7), shape: [2, 3] },
    { name: 'age', values: Float32Array.from(bytes(EXAMPLES)) },
    {
      name: 'words',
      values: bytes(EXAMPLES * 4),
      shape: [4],
      meaning: { kind: 'tokens', vocabulary: 256 },
    },
  ],
  targets: [{ name: 'price', values: Float32Array.from(bytes(EXAMPLES)) }],
});

const inBatches = (dataset: Dataset) =>
  [...batches(dataset, everyExample(dataset), 8, { order: randomStream(1) })].map((batch) => ({ ...batch }));

it.each([pictures, rows] as Dataset[])('$name in a file are the same, in every reader', async (held) => {
  const paged = pagedTwin(held, folder());
  checkDataset(paged);
  expect(inBatches(paged)).toEqual(inBatches(held));
  expect(subset(paged, [5, 36, 0]).inputs).toEqual(subset(held, [5, 36, 0]).inputs);
  expect(await dataDigest(paged, everyExample(paged))).toBe(await dataDigest(held, everyExample(held)));
  for (const [k, column] of held.inputs.entries()) {
    expect(featureStatistics(paged.inputs[k]!)).toEqual(featureStatistics(column));
  }
  expect(bytesOf(paged)).toBe(bytesOf({ ...held, inputs: [] }));
  closeDatasets(paged);
});

it('pictures in a file are augmented, measured and shown as those in memory are', () => {
  const paged = pagedTwin(pictures, folder());
  const draws = drawAugmentation(
    { flip: true, shift: 1, rotation: 20, crop: 0.8, brightness: 0.2, contrast: 0.1 },
    8,
    randomStream(2),
  );
  const filled = (dataset: Dataset) => {
    const batch = createBatch(dataset, 8);
    fillBatch(batch, dataset, everyExample(dataset), 0, draws);
    return batch;
  };
  expect(filled(paged)).toEqual(filled(pictures));
  const set = asImages(paged)!;
  expect(pixelStatistics(set)).toEqual(pixelStatistics(pictures));
  expect([...imageAt(set, 36)]).toEqual([...pictures.images.subarray(-60)]);
  closeDatasets(paged);
});

it('the file has no name, and threads read what was sent to them', () => {
  const place = folder();
  const paged = pagedTwin(rows, place);
  expect(readdirSync(place)).toEqual([]);
  const received = receivedDataset(structuredClone(paged));
  expect(inBatches(received)).toEqual(inBatches(rows));
  closeDatasets(paged);
  expect(() => inBatches(paged)).toThrow('closed');
});

it('a wrong value is found where it lies, far behind in the file', () => {
  const values = new Float32Array(3_000_000).fill(1);
  values[2_999_999] = Number.NaN;
  const good = arrayDataset({
    name: 'far',
    inputs: [{ name: 'x', values: new Float32Array(values.length) }],
    targets: [],
  });
  const paged = pagedTwin({ ...good, inputs: [{ ...good.inputs[0]!, values }] }, folder());
  expect(() => checkDataset(paged)).toThrow('x 2999999 of "far" is NaN, expected a finite number');
  closeDatasets(paged);
});

it('a column of another length or kind is refused, and said', () => {
  const paged = pagedTwin(rows, folder());
  expect(() => checkColumns({ ...paged, examples: 36 })).toThrow(
    'the signal of "rows" are wrong: the array has 222 numbers, expected 216',
  );
  const [signal, ...others] = paged.inputs;
  const changed = { ...paged, inputs: [{ ...signal!, dtype: 'i32' as const }, ...others] };
  expect(() => checkColumns(changed)).toThrow('is of the kind Float32Array, expected Int32Array');
  closeDatasets(paged);
});

it('where there is no room for a file, its folder and the reason are named', () => {
  const file = join(folder(), 'file');
  writeFileSync(file, '');
  expect(() => pagedFileWriter(file, 'u8')).toThrow(`cannot be kept in a file in "${file}"`);
});
