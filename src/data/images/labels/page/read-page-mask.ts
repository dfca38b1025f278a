/**
 * Reads a mask picture in a page: the value of each pixel is its grey value, or its place in the
 * palette of a PNG. A canvas has 8 bits for each colour, and none where nothing is to be seen: what
 * it would lose is refused. For pages and workers.
 */
import { DataError } from '../../../error.js';
import { type PageFile, readPageFile } from '../../../page/page-files.js';
import { bitmapBands, pictureHeaderInPage } from '../../page/page-pictures.js';
import { damaged } from '../../picture-checks.js';
import { valuesOfColours } from '../mask-colours.js';
import type { MaskValues } from '../mask-values.js';
import { paletteOf } from '../png-palette.js';

/** Places in the first chunk of a PNG, IHDR. */
const [PNG_DEPTH, PNG_COLOURS] = [24, 25];
const PALETTE = 3;

/** Values as they are stored: neither a colour profile nor opacity changes them. */
const AS_STORED = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;

/** @throws DataError when it cannot be decoded, or a canvas does not keep its values */
export async function readPageMask(mask: PageFile): Promise<MaskValues> {
  const { path } = mask;
  const { format } = await pictureHeaderInPage(mask);
  const bytes = await readPageFile(mask);
  if (format === 'png' && bytes[PNG_DEPTH] === 16) {
    throw new DataError(`data: "${path}" has 16 bits for each value, expected 8 in a page`, {
      hint: 'save the mask with 8 bits, or take part by `commonweight join`',
    });
  }
  const palette = format === 'png' && bytes[PNG_COLOURS] === PALETTE ? paletteOf(bytes) : undefined;
  try {
    const bitmap = await createImageBitmap(new Blob([bytes]), AS_STORED);
    const { height, width } = bitmap;
    const values = new Uint8Array(height * width);
    for (const { rgba, top } of bitmapBands(bitmap, 1)) {
      requireOpaque(path, rgba, width, top);
      const band = { bytes: rgba, pixelBytes: 4, width, firstRow: top } as const;
      values.set(valuesOfColours(path, band, palette), top * width);
    }
    bitmap.close();
    return { height, width, values };
  } catch (cause) {
    throw cause instanceof DataError ? cause : damaged(path, (cause as Error).message, cause);
  }
}

function requireOpaque(path: string, rgba: Uint8ClampedArray, width: number, top: number): void {
  for (let at = 3; at < rgba.length; at += 4) {
    if (rgba[at] === 255) continue;
    const pixel = (at - 3) / 4;
    const place = `row ${top + Math.floor(pixel / width) + 1}, column ${(pixel % width) + 1}`;
    throw new DataError(`data: "${path}" is transparent at ${place}, expected a mask without transparency`, {
      hint: 'save it without transparency, or take part by `commonweight join`',
    });
  }
}
