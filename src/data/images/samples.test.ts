import { expect, it } from 'vitest';
import { imageDataset } from './image-dataset.js';
import { exampleRgba, sampleExamples } from './samples.js';

const labels = Uint8Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 0 : 2));
const classNames = ['ant', 'bee', 'cat'];

it('samples are a few examples of each class, the same for the same seed', () => {
  const samples = sampleExamples({ labels, classNames }, 4, 7);
  expect(samples.map((list) => list.length)).toEqual([4, 0, 4]);
  samples.forEach((list, label) => {
    for (const index of list) expect(labels[index]).toBe(label);
  });
  expect(sampleExamples({ labels, classNames }, 4, 7)).toEqual(samples);
  expect(sampleExamples({ labels, classNames }, 4, 8)).not.toEqual(samples);
});

it('samples are taken of a share alone, and all of it where it has no more', () => {
  const share = Uint32Array.of(0, 1, 3, 59);
  expect(sampleExamples({ labels, classNames }, 4, 7, share)).toEqual([[0, 3], [], [1, 59]]);
});

it('an example is shown in its colours, or in grey', () => {
  const set = (channels: number, images: number[]) =>
    imageDataset({
      ...{ name: 'set', classNames: ['a'], labels: Uint8Array.of(0, 0), channels, height: 1, width: 2 },
      images: Uint8Array.from(images),
    });
  expect([...exampleRgba(set(1, [1, 2, 3, 4]), 1)]).toEqual([3, 3, 3, 255, 4, 4, 4, 255]);
  const colours = set(3, [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6]);
  expect([...exampleRgba(colours, 1)]).toEqual([1, 3, 5, 255, 2, 4, 6, 255]);
});
