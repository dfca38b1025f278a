/** Puts a resized picture in its place: cropped, or on black. */
import type { PictureExtent, Placement } from './picture-size.js';

/**
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
