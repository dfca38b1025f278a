/** The target columns of pictures with labels or masks. */
import { type ColumnFacts, type Dataset, emptyValues } from '../../dataset.js';
import { imageColumn, labelColumn } from '../image-dataset.js';
import type { PictureExtent } from '../picture-size.js';
import { type AnnotationSettings, labelNames, labelSpec, maskSpec, NO_CLASS } from './label-settings.js';

/** A 0 or 1 for each label. */
export const labelsColumn = (labels: number): ColumnFacts => ({
  ...{ name: 'labels', dtype: 'i32', shape: [labels] },
  meaning: { kind: 'categories', names: ['0', '1'] },
});

/** A class for each pixel. */
export const maskColumn = ({ height, width }: PictureExtent, names: readonly string[]): ColumnFacts => ({
  ...{ name: 'mask', dtype: 'i32', shape: [height, width] },
  meaning: { kind: 'categories', names, ignored: NO_CLASS },
});

export interface DescribedPictures {
  readonly dataset: string;
  /** [channels, height, width] */
  readonly imageShape?: readonly number[] | undefined;
  readonly classNames?: readonly string[] | undefined;
}

/**
 * A set without examples of such pictures, where settings alone describe them; undefined where a
 * folder says what they are.
 */
export function describedPictures(
  settings: DescribedPictures,
  annotations: AnnotationSettings,
): Dataset | undefined {
  const target = settings.imageShape && targetOf(settings.imageShape, annotations, settings.classNames);
  if (settings.imageShape === undefined || target === undefined) return undefined;
  const columns = [imageColumn(settings.imageShape), target].map((column) => ({
    ...column,
    values: emptyValues(column, 0),
  }));
  return { name: settings.dataset, examples: 0, inputs: columns.slice(0, 1), targets: columns.slice(1) };
}

function targetOf(
  [, height = 1, width = 1]: readonly number[],
  { labels, masks }: AnnotationSettings,
  classNames: readonly string[] | undefined,
): ColumnFacts | undefined {
  if (masks !== undefined) return maskColumn({ height, width }, maskSpec(masks).names);
  const names = labels && labelNames(labelSpec(labels));
  if (names !== undefined) return labelsColumn(names.length);
  return classNames && labelColumn(classNames);
}
