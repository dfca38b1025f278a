/**
 * The palette of a PNG (chunk PLTE), for masks whose values are places in it. The decoder of
 * pictures gives colours only.
 * @see https://www.w3.org/TR/png-3/#11PLTE
 */

const SIGNATURE_BYTES = 8;

/**
 * The place of each colour, as red·65536 + green·256 + blue. A colour with several places is
 * missing: nobody can tell which is meant.
 */
export const paletteOf = (png: Uint8Array): ReadonlyMap<number, number> => placesOf(coloursOf(png));

/** Red, green and blue of each place; empty if there is no palette. */
export function coloursOf(png: Uint8Array): Uint8Array {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    if (type === 'PLTE') return png.subarray(at + 8, at + 8 + length);
    at += 12 + length;
  }
  return new Uint8Array();
}

function placesOf(colours: Uint8Array): Map<number, number> {
  const places = new Map<number, number>();
  const repeated = new Set<number>();
  for (let place = 0; 3 * place + 2 < colours.length; place++) {
    const colour = colourAt(colours, 3 * place);
    if (places.has(colour)) repeated.add(colour);
    places.set(colour, place);
  }
  for (const colour of repeated) places.delete(colour);
  return places;
}

export const colourAt = (rgb: ArrayLike<number>, at: number): number =>
  (rgb[at] as number) * 65_536 + (rgb[at + 1] as number) * 256 + (rgb[at + 2] as number);
