import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { imageDataset } from './image-dataset.js';
import { loadIdxFolder } from './node/idx-folder.js';
import { pixelStatistics } from './pixel-statistics.js';

const datasetOf = (channels: number, images: number[]) =>
  imageDataset({
    ...{ name: 'tiny', channels, height: 1, width: 2, classNames: ['a'] },
    images: Uint8Array.from(images),
    labels: new Uint8Array(images.length / 2 / channels),
  });

describe('the statistics of pixels', () => {
  it('are mean and deviation of each channel', () => {
    expect(pixelStatistics(datasetOf(1, [0, 255, 255, 0]))).toEqual({ mean: [0.5], deviation: [0.5] });
    expect(pixelStatistics(datasetOf(2, [0, 255, 51, 51, 255, 0, 51, 51]))).toEqual({
      mean: [0.5, 0.2],
      // A channel with a single value: nothing is divided by zero.
      deviation: [0.5, 1],
    });
  });

  it('are near those of Fashion-MNIST for a sample of it', async () => {
    const { train } = await loadIdxFolder(
      join(import.meta.dirname, '../../../test/fixtures/fashion-mnist-sample'),
    );
    const { mean, deviation } = pixelStatistics(train);
    expect(mean[0]).toBeCloseTo(0.286, 1);
    expect(deviation[0]).toBeCloseTo(0.353, 1);
  });
});
