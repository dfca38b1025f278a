/**
 * The classes of a mask's pixels, from the values of a decoded mask: by what settings declare, and
 * brought to the size of the pictures by the nearest pixel.
 */
import { DataError } from '../../error.js';
import { type PictureExtent, type PictureFit, placementOf } from '../picture-size.js';
import { type MaskSpec, NO_CLASS } from './label-settings.js';

export interface MaskValues extends PictureExtent {
  /** [height, width] */
  readonly values: Uint8Array | Uint16Array;
}

/**
 * [height, width] of classes, in the values' own size.
 * @throws DataError that names a value which nobody declared, and where it is
 */
export function maskClasses(path: string, { values, width }: MaskValues, { classes }: MaskSpec): Uint8Array {
  const result = new Uint8Array(values.length);
  for (let at = 0; at < values.length; at++) {
    const value = values[at] as number;
    const label = classes.get(value);
    if (label !== undefined) result[at] = label;
    else {
      let count = 0;
      for (const other of values) if (other === value) count++;
      const place = `row ${Math.floor(at / width) + 1}, column ${(at % width) + 1}`;
      const known = [...classes.keys()].sort((a, b) => a - b);
      throw new DataError(
        `data: "${path}" has the value ${value} in ${count} pixels, the first at ${place}, expected ${known.join(', ')}`,
        {
          hint: 'declare it in "data.masks" by "classes" or "ignored"; a mask saved as JPEG has values between: save it as PNG',
        },
      );
    }
  }
  return result;
}

/** By the nearest pixel; what lies outside of the mask is of no class. */
export function resizedMask(
  classes: Uint8Array,
  own: PictureExtent,
  to: PictureExtent,
  fit: PictureFit,
): Uint8Array {
  const { resized, top, left } = placementOf(own, to, fit);
  const result = new Uint8Array(to.height * to.width).fill(NO_CLASS);
  const nearest = (place: number, from: number, extent: number) =>
    Math.floor(((place + 0.5) * from) / extent);
  for (let row = Math.max(0, top); row < Math.min(to.height, top + resized.height); row++) {
    const from = nearest(row - top, own.height, resized.height) * own.width;
    for (let column = Math.max(0, left); column < Math.min(to.width, left + resized.width); column++) {
      result[row * to.width + column] = classes[
        from + nearest(column - left, own.width, resized.width)
      ] as number;
    }
  }
  return result;
}

/** The other way: a predicted mask in the size of its picture; what was cropped is of no class. */
export function maskOfPicture(
  classes: Uint8Array,
  from: PictureExtent,
  own: PictureExtent,
  fit: PictureFit,
): Uint8Array {
  const { resized, top, left } = placementOf(own, from, fit);
  const result = new Uint8Array(own.height * own.width).fill(NO_CLASS);
  const placed = (place: number, extent: number, within: number, start: number) =>
    start + Math.floor(((place + 0.5) * within) / extent);
  for (let row = 0; row < own.height; row++) {
    const y = placed(row, own.height, resized.height, top);
    if (y < 0 || y >= from.height) continue;
    for (let column = 0; column < own.width; column++) {
      const x = placed(column, own.width, resized.width, left);
      if (x >= 0 && x < from.width) {
        result[row * own.width + column] = classes[y * from.width + x] as number;
      }
    }
  }
  return result;
}
