/**
 * Reads a mask picture in a page: the value of each pixel is its grey value, or its place in the
 * palette of a PNG. A canvas has 8 bits for each colour, and none where nothing is to be seen: a
 * PNG of 16 bits, or with transparency, is read without it. For pages and workers.
 */
import { DataError } from '../../../error.js';
import { type PageFile, readPageFile } from '../../../page/page-files.js';
import { bitmapBands, pictureHeaderInPage } from '../../page/page-pictures.js';
import { damaged } from '../../picture-checks.js';
import { valuesOfColours } from '../mask-colours.js';
import type { MaskValues } from '../mask-values.js';
import { coloursOf, paletteOf } from '../png-palette.js';
import { type PngFacts, pngFacts, pngSamples } from './png-samples.js';

/** Values as they are stored: neither a colour profile nor opacity changes them. */
const AS_STORED = { colorSpaceConversion: 'none', premultiplyAlpha: 'none' } as const;

/** @throws DataError when it cannot be decoded, or a canvas does not keep its values */
export async function readPageMask(mask: PageFile): Promise<MaskValues> {
  const { path } = mask;
  const { format } = await pictureHeaderInPage(mask);
  const bytes = await readPageFile(mask);
  const facts = format === 'png' ? pngFacts(bytes) : undefined;
  const palette = facts?.isPalette ? paletteOf(bytes) : undefined;
  try {
    if (facts?.depth === 16 || facts?.hasOpacity) return await storedValues(path, bytes, facts, palette);
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

/** Of grey values, those; of a palette, the places; other colours must be grey. */
async function storedValues(
  path: string,
  bytes: Uint8Array,
  facts: PngFacts,
  palette: ReadonlyMap<number, number> | undefined,
): Promise<MaskValues> {
  const { height, width, depth, samples, isPlain } = facts;
  if (!isPlain) {
    throw new DataError(
      `data: "${path}" has ${depth === 16 ? '16 bits for each value' : 'transparency'} and is turned or interlaced, expected a plain PNG in a page`,
      { hint: 'save it again, or take part by `commonweight join`' },
    );
  }
  const stored = await pngSamples(bytes, facts);
  const pixels = height * width;
  if (samples <= 2 && palette === undefined) {
    const scale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
    const values = depth === 16 ? new Uint16Array(pixels) : new Uint8Array(pixels);
    for (let pixel = 0; pixel < pixels; pixel++) values[pixel] = scale * (stored[pixel * samples] as number);
    return { height, width, values };
  }
  const colours = palette === undefined ? undefined : coloursOf(bytes);
  const rgb = new Uint8Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const at = pixel * samples;
    const from = colours ?? stored;
    const first = colours === undefined ? at : 3 * (stored[at] as number);
    for (let k = 0; k < 3; k++) {
      const value = from[first + k] as number;
      rgb[3 * pixel + k] = colours === undefined && depth === 16 ? value >> 8 : value;
    }
  }
  return { height, width, values: valuesOfColours(path, { bytes: rgb, pixelBytes: 3, width }, palette) };
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
