/** Mean and deviation of the pixels of a data set, for normalizing its own images. */
import type { Column, Dataset } from '../dataset.js';
import { blocksOf } from '../paged-values.js';

/**
 * For each channel, with pixels from 0 to 1, to four decimals. Sums are of whole numbers, so they
 * do not depend on order. A channel with a single value has the deviation 1.
 * @param dataset its first input is pictures
 */
export function pixelStatistics({ inputs: [images] }: Pick<Dataset, 'inputs'>): {
  mean: number[];
  deviation: number[];
} {
  const [mean, deviation]: [number[], number[]] = [[], []];
  for (const counts of countsOfBytes(images as Column)) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const sum = counts.reduce((sum, count, value) => sum + count * value, 0);
    const average = sum / total;
    const squares = counts.reduce((sum, count, value) => sum + count * (value - average) ** 2, 0);
    mean.push(rounded(average / 255));
    deviation.push(rounded(Math.sqrt(squares / total) / 255) || 1);
  }
  return { mean, deviation };
}

/** [channels][256]: how often each byte is there. */
function countsOfBytes({ values, shape: [channels = 1, height = 1, width = 1] }: Column): Float64Array[] {
  const pixels = height * width;
  const ofChannels = Array.from({ length: channels }, () => new Float64Array(256));
  for (const { block } of blocksOf(values, channels * pixels)) {
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
