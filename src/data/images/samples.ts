/** Shows a data set: a few examples of each class, and one example as a picture. */
import { randomStream } from '../../base/random.js';
import { DataError } from '../error.js';
import { type ImageDataset, imageAt } from './image-dataset.js';

/**
 * At most `perClass` examples of each class, ascending; the same for the same seed.
 * @param among the examples to choose from; all by default
 */
export function sampleExamples(
  dataset: Pick<ImageDataset, 'labels' | 'classNames'>,
  perClass: number,
  seed: number,
  among: Iterable<number> = dataset.labels.keys(),
): number[][] {
  const members = dataset.classNames.map((): number[] => []);
  for (const index of among) members[dataset.labels[index] as number]?.push(index);
  return members.map((list, label) => {
    const order = randomStream(seed, 'samples', label).permutation(list.length).subarray(0, perClass);
    return Array.from(order, (place) => list[place] as number).sort((a, b) => a - b);
  });
}

/**
 * [height, width, 4], for a canvas. If there are not three channels, the first is shown as grey.
 */
export function exampleRgba(dataset: ImageDataset, index: number): Uint8ClampedArray<ArrayBuffer> {
  const { channels, height, width, examples, name } = dataset;
  if (!(Number.isInteger(index) && index >= 0 && index < examples)) {
    throw new DataError(`data: "${name}" has ${examples} examples, asked for number ${index}`);
  }
  const image = imageAt(dataset, index);
  const pixels = height * width;
  const rgba = new Uint8ClampedArray(4 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let part = 0; part < 3; part++) {
      rgba[4 * pixel + part] = image[(channels === 3 ? part * pixels : 0) + pixel] as number;
    }
    rgba[4 * pixel + 3] = 255;
  }
  return rgba;
}
