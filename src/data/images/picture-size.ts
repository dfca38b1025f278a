/**
 * The size to which the pictures of a set are brought, and how: stretched, cropped in the middle,
 * or padded with black. By default it is the median of the set.
 */
import { DataError } from '../error.js';

export interface PictureExtent {
  readonly height: number;
  readonly width: number;
}

export const pictureFits = ['stretch', 'crop', 'pad'] as const;
export type PictureFit = (typeof pictureFits)[number];

/** What networks for pictures are made for; a larger size is chosen on purpose. */
export const LARGEST_BY_DEFAULT = 96;
export const LARGEST_SIDE = 4096;

/** 96, or "96x64": height x width. */
export type PictureSizeSetting = number | string;

/** @throws DataError when it is no such size */
export function pictureExtentOf(setting: PictureSizeSetting): PictureExtent {
  const [height, width = height, ...rest] = String(setting).split('x').map(Number);
  const isSide = (side: number | undefined): side is number =>
    Number.isInteger(side) && Number(side) >= 1 && Number(side) <= LARGEST_SIDE;
  if (isSide(height) && isSide(width) && rest.length === 0) return { height, width };
  throw new DataError(
    `data: the size of pictures is "${setting}", expected pixels from 1 to ${LARGEST_SIDE}, or height x width such as 96x64`,
  );
}

/**
 * The median height and the median width; where one of them is above `largest`, both are scaled
 * down, so that the longer side is `largest`.
 */
export function defaultPictureExtent(
  extents: readonly PictureExtent[],
  largest = LARGEST_BY_DEFAULT,
): PictureExtent {
  const { height, width } = medianPictureExtent(extents);
  const scale = Math.min(1, largest / Math.max(height, width));
  return { height: scaled(height, scale), width: scaled(width, scale) };
}

/** Of an even number of extents, the lower of the two in the middle. */
export function medianPictureExtent(extents: readonly PictureExtent[]): PictureExtent {
  const median = (sides: number[]) => sides.sort((a, b) => a - b)[(sides.length - 1) >> 1] ?? 1;
  return {
    height: median(extents.map(({ height }) => height)),
    width: median(extents.map(({ width }) => width)),
  };
}

const scaled = (side: number, scale: number) => Math.max(1, Math.round(side * scale));

export interface Placement {
  /** What the whole picture is resized to. */
  readonly resized: PictureExtent;
  /**
   * Where the resized picture begins in the result: below zero, where it is cropped; above zero,
   * where there is padding.
   */
  readonly top: number;
  readonly left: number;
}

/** How a picture of the size `from` comes to the size `to`. */
export function placementOf(from: PictureExtent, to: PictureExtent, fit: PictureFit): Placement {
  if (fit === 'stretch') return { resized: to, top: 0, left: 0 };
  const scales = [to.height / from.height, to.width / from.width];
  const scale = fit === 'crop' ? Math.max(...scales) : Math.min(...scales);
  const resized = { height: scaled(from.height, scale), width: scaled(from.width, scale) };
  // In the middle; the odd pixel is cropped at the top and at the left, and padded at the others.
  return {
    resized,
    top: Math.floor((to.height - resized.height) / 2),
    left: Math.floor((to.width - resized.width) / 2),
  };
}

/**
 * Puts a resized picture in its place: cropped, or on black.
 * @param rgb [height, width, 3] of the resized picture
 * @returns [height, width, 3] of the size `to`
 */
export function placed(
  rgb: Uint8ClampedArray,
  { resized, top, left }: Placement,
  to: PictureExtent,
): Uint8ClampedArray {
  if (resized.height === to.height && resized.width === to.width) return rgb;
  const result = new Uint8ClampedArray(3 * to.height * to.width);
  const first = Math.max(0, left);
  const last = Math.min(to.width, left + resized.width);
  for (let row = Math.max(0, top); row < Math.min(to.height, top + resized.height); row++) {
    const from = 3 * ((row - top) * resized.width - left);
    result.set(rgb.subarray(from + 3 * first, from + 3 * last), 3 * (row * to.width + first));
  }
  return result;
}

/** "72x96 (height x width), in colour" */
export const describeSize = ({ height, width }: PictureExtent, channels: number): string =>
  `${height}x${width} (height x width), ${channels === 1 ? 'grey' : 'in colour'}`;
