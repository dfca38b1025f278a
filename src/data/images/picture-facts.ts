/**
 * What those who can bring pictures only read of columns: one picture of an example, and one class.
 */
import { describeColumn } from '../../tensor/column-spec.js';
import type { Shape } from '../../tensor/shape.js';
import { categoriesOf, type DataFacts } from '../dataset.js';
import { DataError } from '../error.js';
import { imageShapeOf } from './image-dataset.js';

export interface PictureFacts {
  /** [channels, height, width] */
  readonly imageShape: readonly [number, number, number];
  readonly classNames: readonly string[];
  /** What pictures are brought to: grey or in colours, where it is one of them. */
  readonly size: InputSize;
}

export interface InputSize {
  readonly channels?: 1 | 3;
  readonly height: number;
  readonly width: number;
}

/** @param shape [channels, height, width] */
export function inputSizeOf([channels, height = 1, width = 1]: Shape): InputSize {
  const colours = channels === 1 || channels === 3 ? ({ channels } as const) : undefined;
  return { ...colours, height, width };
}

/**
 * @param who can bring pictures only, such as "this page"
 * @throws DataError when data of other columns are expected
 */
export function pictureFacts(facts: DataFacts, who: string): PictureFacts {
  const imageShape = imageShapeOf(facts);
  if (imageShape !== undefined) {
    return { imageShape, classNames: categoriesOf(facts), size: inputSizeOf(imageShape) };
  }
  const listed = (columns: DataFacts['inputs']) => columns.map(describeColumn).join(', ');
  throw new DataError(
    `data: this federation is about ${listed(facts.inputs)} and ${listed(facts.targets)}, and ${who} brings pictures with a class each`,
    { hint: 'take part by a program that has such data: joinFederation(end, name, { data })' },
  );
}
