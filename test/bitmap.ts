/** Makes bitmaps of Windows (BMP), with the header of Windows 3. */

export interface BitmapParts {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly compression?: number;
  readonly palette?: readonly number[];
  /** As they lie in the file; each is padded to four bytes. */
  readonly rows: readonly (readonly number[])[];
}

export function bitmap({
  width,
  height,
  bits,
  compression = 0,
  palette = [],
  rows,
}: BitmapParts): Uint8Array {
  const pixels = rows.flatMap((row) => [...row, ...Array((4 - (row.length % 4)) % 4).fill(0)]);
  const bytes = new Uint8Array(54 + palette.length + pixels.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  view.setUint32(10, 54 + palette.length, true);
  view.setUint32(14, 40, true);
  view.setInt32(18, width, true);
  view.setInt32(22, height, true);
  view.setUint16(28, bits, true);
  view.setUint32(30, compression, true);
  bytes.set(palette, 54);
  bytes.set(pixels, 54 + palette.length);
  return bytes;
}
