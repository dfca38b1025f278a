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

/** Formats by the first bytes of a file, whatever its name. */
const READABLE = {
  node: ['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif', 'bmp'],
  page: ['png', 'jpeg', 'webp', 'gif', 'avif', 'bmp'],
} as const;
const NAMES = { png: 'PNG', jpeg: 'JPEG', webp: 'WebP', gif: 'GIF', tiff: 'TIFF', avif: 'AVIF', bmp: 'BMP' };

/** Whether a file is taken for a picture, by its name. */
export const isPictureName = (name: string): boolean =>
  /\.(png|jpe?g|jfif|webp|gif|tiff?|avif|bmp)$/i.test(name);

/** @param place where it is read: in Node, or in a page */
export function checkFormat(path: string, format: string, place: keyof typeof READABLE): void {
  const readable: readonly (keyof typeof NAMES)[] = READABLE[place];
  if (readable.some((one) => one === format)) return;
  const names = readable.map((one) => NAMES[one]);
  throw new DataError(
    `data: "${path}" is ${format} inside, expected ${names.slice(0, -1).join(', ')} or ${names.at(-1)}`,
    { hint: 'convert it, to JPEG for example, or move it out of the folder' },
  );
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
  // A decoder may say more in further lines.
  const [first = ''] = reason.trim().split('\n');
  return new DataError(`data: "${path}" cannot be decoded as a picture: ${first}`, {
    cause,
    hint: 'replace it, or move it out of the folder',
  });
}

/** More are not listed: they are counted. */
const LISTED = 10;

/** "…; …; and 3 more", without the room in front of each. */
export function listProblems(problems: readonly DataError[]): string {
  const texts = problems.slice(0, LISTED).map(({ message }) => message.replace(/^data: /, ''));
  const more = problems.length - texts.length;
  return [...texts, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

/**
 * What is wrong with some files of a folder, all at once.
 * @param hint how to leave them out
 */
export function badFiles(folder: string, problems: readonly DataError[], hint: string): DataError {
  const [first, ...others] = problems as readonly [DataError, ...DataError[]];
  if (others.length === 0) {
    const own = first.hint === undefined ? '' : `${first.hint}, or `;
    return new DataError(first.message, { cause: first, hint: `${own}${hint}` });
  }
  return new DataError(
    `data: ${problems.length} files of "${folder}" cannot be used: ${listProblems(problems)}`,
    { hint: `replace them, move them out of the folder, or ${hint}` },
  );
}
