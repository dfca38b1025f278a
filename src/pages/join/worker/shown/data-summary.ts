/** Summarizes a participant's data for the page: numbers, and pictures or distributions. */
import { classCounts } from '../../../../data/class-counts.js';
import { type Column, type HeldColumn, requireHeld } from '../../../../data/dataset.js';
import { requireImages } from '../../../../data/images/image-dataset.js';
import { annotationsOf, labelNamesOf, maskSpec } from '../../../../data/images/labels/label-settings.js';
import type { DataSettings } from '../../../../data/settings.js';
import type { OwnData } from '../../../../federation/participant/own-data.js';
import { sizeOf } from '../../../../tensor/shape.js';
import type { DataSummary, SamplePicture, ShownPictures } from '../../state/messages.js';
import { shownArrays, shownTable, shownTexts } from './shown-columns.js';
import { shadesOf } from './trying.js';

/** If there are more classes, only the first are shown. */
const MOST_SAMPLES = 20;
const MOST_MASKS = 8;

/** @param settings what the federation says about data; undefined for pictures by folders */
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
          : settings?.kind === 'text'
            ? { kind: 'columns', columns: shownTexts(dataset) }
            : shownPictures(own, settings),
  };
}

function shownPictures(own: OwnData, settings: DataSettings | undefined): ShownPictures {
  const annotations = annotationsOf(settings);
  if (annotations?.masks !== undefined) return shownMasks(own, maskSpec(annotations.masks).names);
  const names = labelNamesOf(settings);
  return names === undefined ? shownClasses(own) : shownLabels(own, names);
}

const examplesOf = ({ share }: OwnData) => Uint32Array.from([...share.train, ...share.validation]);

function shownClasses(own: OwnData): ShownPictures {
  const { labels, classNames } = requireImages(own.dataset);
  const of = (label: number) => own.share.train.find((index) => labels[index] === label);
  return {
    ...{ kind: 'pictures', unit: 'examples', names: classNames },
    counts: Array.from(classCounts(labels, classNames.length, examplesOf(own))),
    samples: samplesOf(own, classNames, of),
  };
}

function shownLabels(own: OwnData, names: readonly string[]): ShownPictures {
  const { values } = targetOf(own);
  const has = (index: number, label: number) => values[index * names.length + label] === 1;
  const all = examplesOf(own);
  return {
    ...{ kind: 'pictures', unit: 'examples', names },
    counts: names.map((_, label) => all.filter((index) => has(index, label)).length),
    samples: samplesOf(own, names, (label) => own.share.train.find((index) => has(index, label))),
  };
}

function shownMasks(own: OwnData, names: readonly string[]): ShownPictures {
  const { values, shape } = targetOf(own);
  const pixels = sizeOf(shape);
  const counts = new Float64Array(names.length);
  for (const index of examplesOf(own)) {
    // What is no class is beyond the names.
    for (let at = index * pixels; at < (index + 1) * pixels; at++) {
      const label = values[at] as number;
      if (label < names.length) counts[label] = (counts[label] as number) + 1;
    }
  }
  const some = Array.from(own.share.train.subarray(0, MOST_MASKS));
  const samples = some.map((index, at): SamplePicture => {
    const mask = shadesOf(values.subarray(index * pixels, (index + 1) * pixels), names.length);
    return { caption: `example ${at + 1}`, pixels: pixelsOf(own, index), mask };
  });
  return { kind: 'pictures', unit: 'pixels', names, counts: Array.from(counts), samples };
}

const targetOf = ({ dataset }: OwnData): HeldColumn => requireHeld(dataset.targets[0] as Column);

/** An example of each name; `of` finds its index. */
function samplesOf(
  own: OwnData,
  names: readonly string[],
  of: (at: number) => number | undefined,
): SamplePicture[] {
  return names
    .flatMap((caption, at) => {
      const index = of(at);
      return index === undefined ? [] : [{ caption, index }];
    })
    .slice(0, MOST_SAMPLES)
    .map(({ caption, index }) => ({ caption, pixels: pixelsOf(own, index) }));
}

/** A copy, since a canvas cannot draw from shared memory. */
function pixelsOf({ dataset }: OwnData, index: number): Uint8Array {
  const { values, shape } = requireHeld(dataset.inputs[0] as Column);
  const size = sizeOf(shape);
  return Uint8Array.from(values.subarray(index * size, (index + 1) * size));
}
