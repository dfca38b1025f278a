/**
 * Test images of the coordinator that the participants' models got wrong and the merged model
 * right, for observers. They belong to the newest measured round, and are made when they are first
 * asked for. Node only.
 */

import { turnTaker } from '../../base/turns.js';
import type { PictureSet } from '../../data/images/image-dataset.js';
import { imagePng } from '../../data/images/image-png.js';
import type { Decided } from '../../metrics/before-and-after.js';
import type { RoundDetails } from '../../protocol/round-details.js';
import type { TestPicture } from '../../protocol/view.js';
import { FederationError } from '../error.js';

/** The largest longer side, in pixels. */
const LARGEST = 96;
const MOST_PICTURES = 24;

export interface ObservedPictures {
  /** The pictures of a round, once they are made; always the same object. */
  of(details: RoundDetails): readonly TestPicture[] | undefined;
}

/** @param onProblem told in words why there are no pictures */
export function observedPictures(test: PictureSet, onProblem: (problem: string) => void): ObservedPictures {
  let newest: { readonly details: RoundDetails; made?: readonly TestPicture[] } | undefined;
  return {
    of(details) {
      if (newest?.details !== details) {
        const mine: NonNullable<typeof newest> = { details };
        newest = mine;
        picturesOf(test, details).then(
          (made) => {
            mine.made = made;
          },
          (error: unknown) => onProblem(error instanceof Error ? error.message : String(error)),
        );
      }
      return newest.made;
    },
  };
}

async function picturesOf(test: PictureSet, { test: measured }: RoundDetails): Promise<TestPicture[]> {
  const gained = measured?.decided?.gained.slice(0, MOST_PICTURES) ?? [];
  requireMeasured(test, gained, measured?.examples ?? test.examples);
  const pictures: TestPicture[] = [];
  const takeTurn = turnTaker();
  for (const image of gained) {
    await takeTurn();
    pictures.push({ ...image, png: imagePng(test, image.index, LARGEST).toString('base64') });
  }
  return pictures;
}

/** @throws FederationError when these are not the images that the run has measured */
export function requireMeasured(test: PictureSet, images: readonly Decided[], examples: number): void {
  const stray = images.find(({ index, label }) => test.labels[index] !== label);
  if (test.examples === examples && stray === undefined) return;
  throw new FederationError(`the test images of "${test.name}" are not those of the run any more`);
}
