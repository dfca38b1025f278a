/**
 * Opens one picture with `sharp`, in any of its formats or as a bitmap of Windows, and decodes it
 * to bytes of a given size: turned upright (EXIF), on white where it is transparent. Of several
 * frames or pages the first is taken. Node only.
 */
import { open as openFile, readFile } from 'node:fs/promises';
import type { Metadata, Sharp } from 'sharp';
import { reasonOf } from '../../../base/node/reason.js';
import { bitmapHeader, decodeBitmap, isBitmap } from '../bmp.js';
import { checkFormat, checkPixels, damaged, type PictureSize } from '../picture-checks.js';
import type { PictureFit } from '../picture-size.js';
import { loadSharp } from './load-sharp.js';

const FIT = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;
/** More than the header of a bitmap. */
const HEAD_BYTES = 64;

/**
 * The size of the picture when it is upright, and whether its format has colours.
 * @throws DataError when it is not a picture, or is above 40 megapixels
 */
export async function pictureSize(path: string): Promise<PictureSize> {
  return sizeIn(path, await metadataOf(path));
}

/**
 * One picture as [channels, height, width].
 * @throws DataError when it is not a picture, is damaged, or is above 40 megapixels
 */
export async function decodePicture(
  path: string,
  { height, width, channels }: PictureSize,
  fit: PictureFit = 'stretch',
): Promise<Uint8Array> {
  const found = await metadataOf(path);
  sizeIn(path, found);
  const pixels = height * width;
  let interleaved: Uint8Array;
  try {
    const picture = 'bits' in found ? await bitmap(path) : (await loadSharp())(path, STRICT);
    interleaved = await picture
      .autoOrient()
      .flatten({ background: '#ffffff' })
      .resize({ height, width, fit: FIT[fit], background: '#000000' })
      .toColourspace(channels === 1 ? 'b-w' : 'srgb')
      .raw({ depth: 'uchar' })
      .toBuffer();
  } catch (cause) {
    throw damaged(path, reasonOf(cause), cause);
  }
  if (interleaved.length !== channels * pixels) {
    throw new Error(
      `internal: "${path}" was decoded to ${interleaved.length} bytes, not ${channels * pixels}`,
    );
  }
  if (channels === 1) return interleaved;
  const image = new Uint8Array(interleaved.length);
  for (let channel = 0; channel < channels; channel++) {
    const plane = channel * pixels;
    for (let pixel = 0, from = channel; pixel < pixels; pixel++, from += channels) {
      image[plane + pixel] = interleaved[from] as number;
    }
  }
  return image;
}

const STRICT = { limitInputPixels: false, failOn: 'error' } as const;

type PictureMetadata = Metadata | NonNullable<ReturnType<typeof bitmapHeader>>;

async function metadataOf(path: string): Promise<PictureMetadata> {
  const sharp = await loadSharp();
  try {
    return await sharp(path, STRICT).metadata();
  } catch (cause) {
    const head = await headOf(path).catch(() => new Uint8Array(0));
    const header = isBitmap(head) ? bitmapHeader(head) : undefined;
    if (header !== undefined) return header;
    throw damaged(path, reasonOf(cause), cause);
  }
}

function sizeIn(path: string, found: PictureMetadata): PictureSize {
  if ('bits' in found) {
    checkPixels(path, found);
    return { height: found.height, width: found.width, channels: 3 };
  }
  const { format, compression, autoOrient, channels } = found;
  checkFormat(path, format === 'heif' && compression === 'av1' ? 'avif' : format, 'node');
  checkPixels(path, found);
  return { height: autoOrient.height, width: autoOrient.width, channels: channels >= 3 ? 3 : 1 };
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

async function bitmap(path: string): Promise<Sharp> {
  const sharp = await loadSharp();
  const { width, height, rgb } = decodeBitmap(await readFile(path));
  return sharp(rgb, { raw: { width, height, channels: 3 } });
}
