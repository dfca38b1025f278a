/** Summarizes a participant's data for the page: numbers, and one picture of each class. */
import { classCounts } from '../../../data/class-counts.js';
import { imageBytes, requireImages } from '../../../data/images/image-dataset.js';
import type { OwnData } from '../../../federation/participant/own-data.js';
import type { DataSummary, SamplePicture } from '../state/messages.js';

/** If there are more classes, only the first are shown. */
const MOST_SAMPLES = 20;

export function dataSummary({ dataset, share }: OwnData, notices: readonly string[]): DataSummary {
  const { labels, classNames, name } = requireImages(dataset);
  const own = [...share.train, ...share.validation];
  return {
    ...{ name, notices },
    training: share.train.length,
    validation: share.validation.length,
    counts: Array.from(classCounts(labels, classNames.length, Uint32Array.from(own))),
    samples: samplesOf({ dataset, share }),
  };
}

/** The first training example of each class. */
function samplesOf({ dataset, share }: OwnData): SamplePicture[] {
  const pictures = requireImages(dataset);
  const { images, labels, classNames } = pictures;
  const first = new Map<number, number>();
  for (const index of share.train) {
    const label = labels[index] as number;
    if (!first.has(label)) first.set(label, index);
  }
  const size = imageBytes(pictures);
  return [...first.entries()]
    .sort(([one], [other]) => one - other)
    .slice(0, MOST_SAMPLES)
    .map(([label, index]) => ({
      className: classNames[label] ?? String(label),
      // A copy, since a canvas cannot draw from shared memory.
      pixels: images.slice(index * size, (index + 1) * size),
    }));
}
