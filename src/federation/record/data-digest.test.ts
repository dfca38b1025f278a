import { describe, expect, it } from 'vitest';
import { noise } from '../../../test/noise.js';
import { imageDataset } from '../../data/images/image-dataset.js';
import { dataDigest, everyExample } from './data-digest.js';

const set = noise('set');
const all = everyExample(set);

describe('the digest of data', () => {
  it('is the same for the same examples, wherever they lie in memory', async () => {
    const images = new Uint8Array(set.images.length + 3).subarray(3);
    images.set(set.images);
    const copy = imageDataset({ ...set, name: 'another', images, labels: new Uint8Array(set.labels) });
    expect(await dataDigest(copy, all)).toBe(await dataDigest(set, all));
  });

  it('is another for another label, pixel, order, class name, part or number of examples', async () => {
    const changed = (bytes: Uint8Array) => bytes.map((byte, k) => (k === bytes.length - 1 ? byte ^ 1 : byte));
    const first = all.subarray(0, 5);
    const digests = await Promise.all([
      dataDigest(set, all),
      dataDigest(imageDataset({ ...set, labels: changed(set.labels) }), all),
      dataDigest(imageDataset({ ...set, images: changed(set.images) }), all),
      dataDigest(imageDataset({ ...set, classNames: [...set.classNames].reverse() }), all),
      dataDigest(set, all.toReversed()),
      dataDigest(set, all.subarray(1)),
      dataDigest(set, first, all.subarray(5)),
      dataDigest(set, first),
    ]);
    expect(new Set(digests).size).toBe(digests.length);
  });
});
