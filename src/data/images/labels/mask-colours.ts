/** The values of a mask from its colours: grey values, or places in a palette. */
import { DataError } from '../../error.js';
import { colourAt } from './png-palette.js';

export interface MaskColours {
  /** Red, green and blue of each pixel, and what follows them. */
  readonly bytes: ArrayLike<number>;
  /** The bytes of a pixel: 3, or 4 with its opacity. */
  readonly pixelBytes: 3 | 4;
  readonly width: number;
  /** The row of the picture that comes first. */
  readonly firstRow?: number;
}

/**
 * @param palette the place of each colour; undefined where colours are grey values
 * @throws DataError that names the first pixel whose colour is no value
 */
export function valuesOfColours(
  path: string,
  { bytes, pixelBytes, width, firstRow = 0 }: MaskColours,
  palette: ReadonlyMap<number, number> | undefined,
): Uint8Array {
  const values = new Uint8Array(bytes.length / pixelBytes);
  for (let pixel = 0; pixel < values.length; pixel++) {
    const at = pixelBytes * pixel;
    const colour = colourAt(bytes, at);
    const grey = colour % 65_793 === 0 ? colour / 65_793 : undefined;
    const value = palette === undefined ? grey : palette.get(colour);
    if (value === undefined) {
      const place = `row ${firstRow + Math.floor(pixel / width) + 1}, column ${(pixel % width) + 1}`;
      const why = palette === undefined ? 'which is not grey' : 'which is in its palette several times';
      throw new DataError(
        `data: "${path}" has the colour ${bytes[at]}, ${bytes[at + 1]}, ${bytes[at + 2]} at ${place}, ${why}, expected grey values or a palette`,
        { hint: 'save the mask with the numbers of classes as grey values, as PNG' },
      );
    }
    values[pixel] = value;
  }
  return values;
}
