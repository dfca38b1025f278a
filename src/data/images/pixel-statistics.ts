/** Mean and deviation of the pixels of a data set, for normalizing its own images. */
import type { Column } from '../dataset.js';
import { blocksOf } from '../paged-values.js';
import type { PictureSet } from './image-dataset.js';

/**
 * For each channel, with pixels from 0 to 1, to four decimals. Sums are of whole numbers, so they
 * do not depend on order. A channel with a single value has the deviation 1.
 */
export function pixelStatistics(dataset: PictureSet): { mean: number[]; deviation: number[] } {
  const { height, width, examples } = dataset;
  const pixels = height * width;
  const [mean, deviation]: [number[], number[]] = [[], []];
  for (const counts of countsOfBytes(dataset)) {
    const total = examples * pixels;
    const sum = counts.reduce((sum, count, value) => sum + count * value, 0);
    const average = sum / total;
    const squares = counts.reduce((sum, count, value) => sum + count * (value - average) ** 2, 0);
    mean.push(rounded(average / 255));
    deviation.push(rounded(Math.sqrt(squares / total) / 255) || 1);
  }
  return { mean, deviation };
}

/** [channels][256]: how often each byte is there. */
function countsOfBytes({ channels, height, width, inputs: [images] }: PictureSet): Float64Array[] {
  const pixels = height * width;
  const ofChannels = Array.from({ length: channels }, () => new Float64Array(256));
  for (const { block } of blocksOf((images as Column).values, channels * pixels)) {
    for (let start = 0; start < block.length; start += pixels) {
      const counts = ofChannels[(start / pixels) % channels] as Float64Array;
      for (let pixel = start; pixel < start + pixels; pixel++) {
        const value = block[pixel] as number;
        counts[value] = (counts[value] as number) + 1;
      }
    }
  }
  return ofChannels;
}

const rounded = (value: number) => Math.round(1e4 * value) / 1e4;
