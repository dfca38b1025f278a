/**
 * Unpacks gzip in a page by the rule of gzip itself: one member after another, perhaps followed by
 * zeros. The browser's `DecompressionStream` accepts one member with nothing behind it, and does
 * not say where that member ended. So if there is more, this module tries the places where a member
 * may end; the checksum shows the right one. For pages.
 */

const MAGIC = [0x1f, 0x8b, 0x08] as const;
/** A header of 10 bytes, then CRC and length behind the data. */
const SMALLEST_MEMBER = 18;
/**
 * How many of a member's last bytes may be zeros: CRC and length of no data, and the last byte of
 * the data.
 */
const ZEROS_OF_A_MEMBER = 9;

/**
 * @param mostBytes the most bytes to expand to
 * @param tooLarge the error when it expands to more
 * @throws Error in the browser's words when the data are damaged, or followed by other bytes; the
 * signal's reason
 */
export async function gunzipInPage(
  file: Blob,
  mostBytes: number,
  tooLarge: () => Error,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const inflate = (part: Blob, most: number) => inflateMember(part, most, tooLarge, signal);
  const whole = await inflate(file, mostBytes);
  if (!(whole instanceof Error)) return joined(whole);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1;
  const parts: Uint8Array[] = [];
  let [start, length] = [0, 0];
  while (start < end) {
    let member: Uint8Array[] | undefined;
    for (const stop of possibleEnds(bytes, start, end)) {
      const inflated = await inflate(file.slice(start, stop), mostBytes - length);
      if (inflated instanceof Error) continue;
      member = inflated;
      start = stop;
      break;
    }
    if (member === undefined) throw whole;
    parts.push(...member);
    length += lengthOf(member);
  }
  return joined(parts);
}

/** @param end the end of the bytes that are not zero */
function* possibleEnds(bytes: Uint8Array, start: number, end: number): Generator<number> {
  for (let place = start + SMALLEST_MEMBER; place < end; place++) {
    if (MAGIC.every((byte, k) => bytes[place + k] === byte)) yield place;
  }
  for (let zeros = 0; zeros <= ZEROS_OF_A_MEMBER && end + zeros <= bytes.length; zeros++) yield end + zeros;
}

/** The data of one member, or why it is not one. */
async function inflateMember(
  member: Blob,
  most: number,
  tooLarge: () => Error,
  signal?: AbortSignal,
): Promise<Uint8Array[] | Error> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  try {
    const stream = member.stream().pipeThrough(new DecompressionStream('gzip'), signal && { signal });
    for await (const piece of stream) {
      pieces.push(piece);
      length += piece.length;
      if (length > most) break;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    return cause as Error;
  }
  if (length > most) throw tooLarge();
  return pieces;
}

const lengthOf = (pieces: readonly Uint8Array[]) => pieces.reduce((sum, { length }) => sum + length, 0);

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(lengthOf(pieces));
  pieces.reduce((start, piece) => {
    bytes.set(piece, start);
    return start + piece.length;
  }, 0);
  return bytes;
}
