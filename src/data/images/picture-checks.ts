/** The errors for bad pictures, with the same words in Node and in a page. */
import { DataError } from '../error.js';
import { imageBytes } from './image-dataset.js';

/** A picture with more pixels is a mistake or an attack (a decompression bomb). */
const largestPicture = 40_000_000;

export interface PictureSize {
  readonly height: number;
  readonly width: number;
  /** 1 is grey, 3 is red, green, blue. */
  readonly channels: 1 | 3;
}

/** @param format the format by the first bytes of the file, whatever its name */
export function checkFormat(path: string, format: string): void {
  if (format === 'png' || format === 'jpeg') return;
  throw new DataError(`data: "${path}" is ${format} inside, expected PNG or JPEG`, {
    hint: 'convert it, or move it out of the folder',
  });
}

/** By the file's header, before the picture is decoded. */
export function checkPixels(path: string, { width, height }: { width: number; height: number }): void {
  if (width * height <= largestPicture) return;
  throw new DataError(`data: "${path}" has ${width} x ${height} pixels, expected at most 40 megapixels`, {
    hint: 'make it smaller, or move it out of the folder',
  });
}

/** The largest canvas of a browser: beyond it, pixels are silently zero. */
const longestSide = 32_767;

/** For pages. @throws DataError when a canvas is too small for the picture */
export function checkSides(path: string, { width, height }: { width: number; height: number }): void {
  if (Math.max(width, height) <= longestSide) return;
  throw new DataError(
    `data: "${path}" has ${width} x ${height} pixels, expected at most ${longestSide} in each direction in a browser`,
    { hint: 'make it smaller, or leave it out' },
  );
}

/** @throws DataError when all pictures of a set, decoded, would take too much memory */
export function checkBytes(folder: string, pictures: number, size: PictureSize, mostBytes: number): void {
  const bytes = pictures * imageBytes(size);
  if (bytes <= mostBytes) return;
  const { channels, height, width } = size;
  throw new DataError(
    `data: ${pictures} pictures of "${folder}" at ${channels}x${height}x${width} (channels x height x width) would take ${bytes} bytes of memory, expected at most ${mostBytes}`,
    { hint: 'take fewer, or allow for more memory' },
  );
}

export function damaged(path: string, reason: string, cause?: unknown): DataError {
  return new DataError(`data: "${path}" cannot be decoded as PNG or JPEG: ${reason}`, {
    cause,
    hint: 'replace it, or move it out of the folder',
  });
}
