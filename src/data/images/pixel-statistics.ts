/** Mean and deviation of the pixels of a data set, for normalizing its own images. */
import { type ImageDataset, imageBytes } from './image-dataset.js';

/**
 * For each channel, with pixels from 0 to 1, to four decimals. Sums are of whole numbers, so they
 * do not depend on order. A channel with a single value has the deviation 1.
 */
export function pixelStatistics(dataset: ImageDataset): { mean: number[]; deviation: number[] } {
  const { channels, height, width, examples, images } = dataset;
  const pixels = height * width;
  const [mean, deviation]: [number[], number[]] = [[], []];
  for (let channel = 0; channel < channels; channel++) {
    const counts = new Float64Array(256);
    for (let example = 0; example < examples; example++) {
      const start = example * imageBytes(dataset) + channel * pixels;
      for (let pixel = start; pixel < start + pixels; pixel++) {
        const value = images[pixel] as number;
        counts[value] = (counts[value] as number) + 1;
      }
    }
    const total = examples * pixels;
    const sum = counts.reduce((sum, count, value) => sum + count * value, 0);
    const average = sum / total;
    const squares = counts.reduce((sum, count, value) => sum + count * (value - average) ** 2, 0);
    mean.push(rounded(average / 255));
    deviation.push(rounded(Math.sqrt(squares / total) / 255) || 1);
  }
  return { mean, deviation };
}

const rounded = (value: number) => Math.round(1e4 * value) / 1e4;
