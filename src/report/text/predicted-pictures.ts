/** What a model says of pictures: the labels of each, or the part of each that is of a class. */
import { percent } from '../numbers.js';
import { textTable } from '../text-table.js';
import { csvLine, shortestNumber } from './predictions.js';

export interface PredictedPicture {
  readonly file: string;
  /** [labels], or [classes, height · width]. */
  readonly probabilities: Float32Array;
}

export function labelsReport(pictures: readonly PredictedPicture[], names: readonly string[]): string {
  const lines = pictures.map(({ file, probabilities }) => {
    const has = names.filter((_, label) => (probabilities[label] as number) >= 0.5);
    return [file, has.join(', ') || 'none', ...Array.from(probabilities, percent)];
  });
  return textTable([['picture', 'labels', ...names.map((name) => `P(${name})`)], ...lines], [0, 1]).join(
    '\n',
  );
}

/** One line for each picture, after a header. */
export function labelsCsv(pictures: readonly PredictedPicture[], names: readonly string[]): string {
  const header = ['picture', ...names, ...names.map((name) => `P(${name})`)];
  const lines = pictures.map(({ file, probabilities }) => [
    file,
    ...Array.from(probabilities, (p) => (p >= 0.5 ? '1' : '0')),
    ...Array.from(probabilities, shortestNumber),
  ]);
  return [header, ...lines].map(csvLine).join('');
}

export interface MaskedPicture {
  readonly file: string;
  /** The class of each place. */
  readonly mask: Uint8Array;
}

export function masksReport(pictures: readonly MaskedPicture[], names: readonly string[]): string {
  const lines = pictures.map(({ file, mask }) => {
    const shares = names.map((_, label) => mask.filter((one) => one === label).length / mask.length);
    return [file, ...shares.map(percent)];
  });
  return [
    'the part of each picture that belongs to each class; -o FOLDER writes the masks',
    ...textTable([['picture', ...names], ...lines], [0]),
  ].join('\n');
}

/** Of each place, the class with the largest of its values. @param values [classes, places] */
export function largest(values: Float32Array, classes: number): Uint8Array {
  const places = values.length / classes;
  return Uint8Array.from({ length: places }, (_, place) => {
    let best = 0;
    for (let label = 1; label < classes; label++) {
      if ((values[label * places + place] as number) > (values[best * places + place] as number))
        best = label;
    }
    return best;
  });
}
