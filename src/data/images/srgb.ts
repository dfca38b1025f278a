/**
 * Computes the grey of a colour: its luminance, which is a sum of linear light, as a byte of sRGB.
 * A luma, computed from the bytes themselves, would make pure red 76; its luminance is that of 127.
 * @see IEC 61966-2-1
 */

/** Linear light for each byte. */
const linear = Float32Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/**
 * Bytes of sRGB for light from 0 to 1 in 255 steps, with straight lines between them, as libvips
 * interpolates.
 */
const encoded = Uint8Array.from({ length: 257 }, (_, step) => {
  const light = Math.min(step / 255, 1);
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
});

/** @returns from 0 to 255, rounded */
export function greyOf([red, green, blue]: ArrayLike<number> & Iterable<number>): number {
  const light = (value = 0) => linear[value] as number;
  const steps = 255 * (0.2126 * light(red) + 0.7152 * light(green) + 0.0722 * light(blue));
  const step = Math.floor(steps);
  const [low, high] = [encoded[step] as number, encoded[step + 1] as number];
  return Math.round(low + (high - low) * (steps - step));
}
