/**
 * What settings say about the labels or masks of pictures, in one form for every way to write it.
 */
import { canonicalName } from '../../../base/names.js';
import type { DataSettings } from '../../settings.js';
import { columnName } from '../../tables/column-specs.js';

export type PictureSettings = Extract<DataSettings, { kind: 'pictures' }>;

/** Pictures whose targets are not their folders. */
export type AnnotationSettings = Pick<PictureSettings, 'labels' | 'masks'>;

/** Those of pictures that have labels or masks; undefined where folders are classes. */
export function annotationsOf(data: DataSettings | undefined): AnnotationSettings | undefined {
  const isAnnotated = data?.kind === 'pictures' && (data.labels ?? data.masks) !== undefined;
  return isAnnotated ? data : undefined;
}

export interface LabelSpec {
  /** The table, in the folder of the pictures. */
  readonly file: string;
  /** The column with the names of pictures; found if it is not given. */
  readonly picture: string | undefined;
  readonly target: LabelTarget;
}

export type LabelTarget =
  /** The column is found if it is not given. */
  | { readonly kind: 'class'; readonly column: string | undefined }
  | { readonly kind: 'columns'; readonly columns: readonly string[] }
  | {
      readonly kind: 'list';
      readonly column: string;
      readonly names: readonly string[];
      readonly separator: string | undefined;
    };

/** As the paths of listed files are written. */
const placeOf = (within: string) => canonicalName(within.replaceAll('\\', '/').replace(/^(\.\/)+|\/+$/g, ''));

export function labelSpec(labels: NonNullable<PictureSettings['labels']>): LabelSpec {
  if (typeof labels === 'string') {
    return { file: placeOf(labels), picture: undefined, target: { kind: 'class', column: undefined } };
  }
  const picture = labels.picture === undefined ? undefined : columnName(labels.picture);
  const file = placeOf(labels.file);
  if ('columns' in labels)
    return { file, picture, target: { kind: 'columns', columns: labels.columns.map(columnName) } };
  if (!('list' in labels)) {
    const column = labels.class === undefined ? undefined : columnName(labels.class);
    return { file, picture, target: { kind: 'class', column } };
  }
  const { names, separator } = labels;
  const column = columnName(labels.list);
  return { file, picture, target: { kind: 'list', column, names: names.map(canonicalName), separator } };
}

/** The names of labels that do not exclude each other; undefined for classes. */
export function labelNames({ target }: LabelSpec): readonly string[] | undefined {
  if (target.kind === 'class') return undefined;
  return target.kind === 'columns' ? target.columns : target.names;
}

/** The same by settings of any data. */
export function labelNamesOf(data: DataSettings | undefined): readonly string[] | undefined {
  const labels = annotationsOf(data)?.labels;
  return labels === undefined ? undefined : labelNames(labelSpec(labels));
}

export interface MaskSpec {
  /** The folder of the masks, in the folder of the pictures. */
  readonly folder: string;
  /** In the order of their numbers. */
  readonly names: readonly string[];
  /** The number of the class of each value; `NO_CLASS` for those that do not count. */
  readonly classes: ReadonlyMap<number, number>;
}

/** A pixel that belongs to no class. */
export const NO_CLASS = 255;

export function maskSpec({ folder, classes, ignored = [] }: NonNullable<PictureSettings['masks']>): MaskSpec {
  const entries: [string, number][] = Array.isArray(classes)
    ? classes.map((name, value) => [name, value])
    : Object.entries(classes);
  const none = Array.isArray(ignored) ? ignored : [ignored];
  return {
    folder: placeOf(folder),
    names: entries.map(([name]) => canonicalName(name)),
    classes: new Map([
      ...entries.map(([, value], number) => [value, number] as const),
      ...none.map((value) => [value, NO_CLASS] as const),
    ]),
  };
}
