/** Reads images of the coordinator’s test set as PNG within the page. Node only. */
import type { PictureSet } from '../../data/images/image-dataset.js';
import { imagePng } from '../../data/images/image-png.js';
import { requireMeasured } from '../../federation/watch/observed-pictures.js';
import type { Decided } from '../../metrics/before-and-after.js';

/** The data URI of each image, by its place in the test set. */
export type TestPictures = ReadonlyMap<number, string>;

/**
 * @param examples the number of test examples that the run has measured
 * @throws CommonweightError when these are not the images that the run has measured, or have
 *   neither 1 nor 3 channels
 */
export function testPictures(test: PictureSet, images: readonly Decided[], examples: number): TestPictures {
  requireMeasured(test, images, examples);
  return new Map(
    images.map(({ index }) => [index, `data:image/png;base64,${imagePng(test, index).toString('base64')}`]),
  );
}
