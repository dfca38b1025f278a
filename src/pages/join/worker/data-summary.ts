/** Summarizes a participant's data for the page: numbers, and pictures or distributions. */
import { classCounts } from '../../../data/class-counts.js';
import { imageBytes, requireImages } from '../../../data/images/image-dataset.js';
import type { DataSettings } from '../../../data/settings.js';
import type { OwnData } from '../../../federation/participant/own-data.js';
import type { DataSummary, SamplePicture, ShownPictures } from '../state/messages.js';
import { shownArrays, shownTable } from './shown-columns.js';

/** If there are more classes, only the first are shown. */
const MOST_SAMPLES = 20;

/** @param settings what the federation says about data; undefined for pictures */
export function dataSummary(
  own: OwnData,
  notices: readonly string[],
  settings: DataSettings | undefined,
): DataSummary {
  const { dataset, share } = own;
  const { name } = dataset;
  return {
    ...{ name, notices, training: share.train.length, validation: share.validation.length },
    shown:
      settings?.kind === 'table'
        ? { kind: 'columns', columns: shownTable(dataset, settings) }
        : settings?.kind === 'arrays'
          ? { kind: 'columns', columns: shownArrays(dataset) }
          : shownPictures(own),
  };
}

function shownPictures(own: OwnData): ShownPictures {
  const { dataset, share } = own;
  const { labels, classNames } = requireImages(dataset);
  const all = Uint32Array.from([...share.train, ...share.validation]);
  return {
    kind: 'pictures',
    counts: Array.from(classCounts(labels, classNames.length, all)),
    samples: samplesOf(own),
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
