/**
 * The grey of a colour: its luminance, which is a sum of linear light, as a byte of sRGB. A luma of the bytes themselves
 * would make pure red 76; its luminance is that of 127.
 * @see IEC 61966-2-1
 */

/** By byte. */
const linear = Float64Array.from({ length: 256 }, (_, byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

/** From 0 to 255, rounded. */
export function greyOf(red: number, green: number, blue: number): number {
  if (red === green && green === blue) return red;
  const light =
    0.2126 * (linear[red] as number) + 0.7152 * (linear[green] as number) + 0.0722 * (linear[blue] as number);
  return Math.round(255 * (light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055));
}
