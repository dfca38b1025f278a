import { describe, expect, it } from 'vitest';
import { classCounts } from '../class-counts.js';
import { subset } from '../dataset.js';
import { imageDataset } from './image-dataset.js';

const parts = {
  name: 'tiny',
  images: Uint8Array.from({ length: 3 * 2 * 1 * 2 }, (_, index) => index),
  labels: Uint8Array.of(1, 0, 1),
  channels: 2,
  height: 1,
  width: 2,
  classNames: ['a', 'b'],
};

describe('an image data set', () => {
  it('lies in shared memory', () => {
    const dataset = imageDataset(parts);
    expect(dataset.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(dataset.labels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(dataset.examples).toBe(3);
  });

  it('refuses arrays that do not fit together', () => {
    expect(() => imageDataset({ ...parts, width: 3 })).toThrow(
      'data: "tiny" holds 12 bytes of images, expected 18 for 3 labels and images of 2x1x3 (channels x height x width)',
    );
    expect(() => imageDataset({ ...parts, classNames: ['a'] })).toThrow(
      'data: label 0 of "tiny" is 1, expected 0 to 0',
    );
    const nothing = { images: new Uint8Array(0), labels: new Uint8Array(0) };
    expect(() => imageDataset({ ...parts, ...nothing })).toThrow('holds no examples');
    expect(() => imageDataset({ ...parts, classNames: ['\u00e9', 'e\u0301'] })).toThrow(
      'data: "tiny" has the classes "\\u00e9" and "e\\u0301", expected names that differ',
    );
  });

  it('gives the chosen examples in the chosen order', () => {
    const chosen = subset(imageDataset(parts), [2, 0]);
    expect([...chosen.images]).toEqual([8, 9, 10, 11, 0, 1, 2, 3]);
    expect([...chosen.labels]).toEqual([1, 1]);
    expect(() => subset(imageDataset(parts), [3])).toThrow('has 3 examples, asked for number 3');
  });

  it('counts the examples of each class, of all or of some', () => {
    expect([...classCounts(parts.labels, 3)]).toEqual([1, 2, 0]);
    expect([...classCounts(parts.labels, 2, Uint32Array.of(1))]).toEqual([1, 0]);
  });
});
