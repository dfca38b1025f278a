/**
 * Reads the samples of a PNG as they are stored, for masks in a page: a canvas has 8 bits for each
 * value, and forgets what lies behind transparency. Rows that come in passes (interlaced) are not
 * read.
 * @see https://www.w3.org/TR/png-3/
 */

const SIGNATURE_BYTES = 8;
/** Samples of a pixel by its type: grey, colours, a place in a palette; and with opacity. */
const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

export interface PngFacts {
  readonly width: number;
  readonly height: number;
  /** Bits of a sample. */
  readonly depth: number;
  readonly samples: number;
  readonly isPalette: boolean;
  readonly hasOpacity: boolean;
  /** Whether its rows stand in the file one after the other, and upright. */
  readonly isPlain: boolean;
}

export function pngFacts(png: Uint8Array): PngFacts {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const types = [...chunksOf(png)].map(({ type }) => type);
  const [depth = 0, colours = 0] = png.subarray(24, 26);
  return {
    width: header.getUint32(16),
    height: header.getUint32(20),
    depth,
    samples: SAMPLES[colours] ?? 0,
    isPalette: colours === 3,
    hasOpacity: colours === 4 || colours === 6 || types.includes('tRNS'),
    isPlain: png[28] === 0 && !types.includes('eXIf'),
  };
}

/**
 * [height, width, samples], of 1 to 16 bits each, not scaled.
 * @throws Error when the file is damaged
 */
export async function pngSamples(png: Uint8Array, facts: PngFacts): Promise<Uint8Array | Uint16Array> {
  const { width, height, depth, samples } = facts;
  const rowBytes = Math.ceil((width * samples * depth) / 8);
  const packed = await inflated(
    [...chunksOf(png)].flatMap(({ type, data }) => (type === 'IDAT' ? [data] : [])),
    height * (rowBytes + 1),
  );
  const pixelBytes = Math.max(1, (samples * depth) / 8);
  const values = new (depth === 16 ? Uint16Array : Uint8Array)(height * width * samples);
  let above = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const from = y * (rowBytes + 1);
    const row = packed.subarray(from + 1, from + 1 + rowBytes);
    unfilter(packed[from] as number, row, above, pixelBytes);
    for (let x = 0; x < width * samples; x++) values[y * width * samples + x] = sampleAt(row, x, depth);
    above = row;
  }
  return values;
}

function* chunksOf(png: Uint8Array): Generator<{ readonly type: string; readonly data: Uint8Array }> {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  for (let at = SIGNATURE_BYTES; at + 12 <= png.length; ) {
    const length = view.getUint32(at);
    const type = String.fromCharCode(...png.subarray(at + 4, at + 8));
    yield { type, data: png.subarray(at + 8, at + 8 + length) };
    at += 12 + length;
  }
}

/** @throws Error when there are fewer bytes, or more */
async function inflated(parts: readonly Uint8Array[], length: number): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([...parts] as BlobPart[]).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.getReader();
  const bytes = new Uint8Array(length);
  let at = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      if (at + value.length > length) throw new Error('its rows are longer than its header says');
      bytes.set(value, at);
      at += value.length;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  if (at < length) throw new Error('its rows are cut off');
  return bytes;
}

/** A row is stored as differences from what is left of it and above it. */
function unfilter(filter: number, row: Uint8Array, above: Uint8Array, pixelBytes: number): void {
  if (filter > 4) throw new Error(`its rows have the filter ${filter}, expected 0 to 4`);
  for (let i = 0; i < row.length; i++) {
    const left = i < pixelBytes ? 0 : (row[i - pixelBytes] as number);
    const up = above[i] as number;
    const before = i < pixelBytes ? 0 : (above[i - pixelBytes] as number);
    const expected = [0, left, up, (left + up) >> 1, nearestOf(left, up, before)][filter] as number;
    row[i] = (row[i] as number) + expected;
  }
}

/** Which of them is nearest to left + up − before (Paeth 1991). */
function nearestOf(left: number, up: number, before: number): number {
  const [a, b, c] = [Math.abs(up - before), Math.abs(left - before), Math.abs(left + up - 2 * before)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : before;
}

function sampleAt(row: Uint8Array, place: number, depth: number): number {
  if (depth === 8) return row[place] as number;
  if (depth === 16) return 256 * (row[2 * place] as number) + (row[2 * place + 1] as number);
  const bit = place * depth;
  return ((row[bit >> 3] as number) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
}
