/**
 * Reads a mask picture: the value of each pixel is its grey value, or its place in the palette of a
 * PNG. Node only.
 */
import { readFile } from 'node:fs/promises';
import { reasonOf } from '../../../../base/node/reason.js';
import { DataError } from '../../../error.js';
import { loadSharp } from '../../node/load-sharp.js';
import { pictureSize } from '../../node/open-picture.js';
import { damaged } from '../../picture-checks.js';
import { valuesOfColours } from '../mask-colours.js';
import type { MaskValues } from '../mask-values.js';
import { paletteOf } from '../png-palette.js';

/** @throws DataError when it cannot be decoded, or has colours without a palette */
export async function readMask(path: string): Promise<MaskValues> {
  // It has the limits of other pictures.
  const { height, width } = await pictureSize(path);
  const sharp = await loadSharp();
  try {
    const picture = sharp(path, { limitInputPixels: false, failOn: 'error', ignoreIcc: true });
    const { depth, channels, isPalette } = await picture.metadata();
    const upright = picture.autoOrient().removeAlpha();
    if (channels <= 2) {
      const isWide = depth === 'ushort';
      const raw = await upright
        .toColourspace(isWide ? 'grey16' : 'b-w')
        .raw({ depth: isWide ? 'ushort' : 'uchar' })
        .toBuffer();
      const values = isWide
        ? new Uint16Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.byteLength))
        : raw;
      return { height, width, values };
    }
    const rgb = await upright.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer();
    const places = isPalette ? paletteOf(await readFile(path)) : undefined;
    return { height, width, values: valuesOfColours(path, { bytes: rgb, pixelBytes: 3, width }, places) };
  } catch (cause) {
    throw cause instanceof DataError ? cause : damaged(path, reasonOf(cause), cause);
  }
}
