/**
 * Resizes a picture as libvips does, so that a page makes the same picture as a process. A
 * reduction by more than four takes a mean over whole pixels first, then Lanczos (a = 3), stretched
 * by the remaining factor. An enlargement uses Catmull and Rom.
 * @see https://www.libvips.org/API/current/method.Image.resize.html
 */

interface Extent {
  readonly height: number;
  readonly width: number;
}

/** How many pixels in a row, or in a column, are averaged before `resample` does the rest. */
export const boxFactor = (from: number, to: number): number => Math.max(1, Math.floor(from / to / 2));

/**
 * The means of boxes of this many rows and columns; pixels at the edges are repeated beyond them.
 * @param rgba [height, width, 4]
 * @returns [height ÷ rows, width ÷ columns, 3], rounded up
 */
export function boxMeans(
  rgba: Uint8ClampedArray,
  { height, width }: Extent,
  rows: number,
  columns: number,
): Uint8ClampedArray {
  const [toHeight, toWidth] = [Math.ceil(height / rows), Math.ceil(width / columns)];
  const means = new Uint8ClampedArray(toHeight * toWidth * 3);
  const sums = new Uint32Array(toWidth * 3);
  for (let y = 0; y < toHeight; y++) {
    sums.fill(0);
    for (let row = y * rows; row < (y + 1) * rows; row++) {
      const start = Math.min(row, height - 1) * width;
      for (let x = 0; x < toWidth; x++) {
        for (let column = x * columns; column < (x + 1) * columns; column++) {
          const source = 4 * (start + Math.min(column, width - 1));
          for (let i = 0; i < 3; i++) {
            sums[3 * x + i] = (sums[3 * x + i] as number) + (rgba[source + i] as number);
          }
        }
      }
    }
    sums.forEach((sum, place) => {
      means[3 * y * toWidth + place] = sum / (rows * columns);
    });
  }
  return means;
}

/**
 * For each place of the result: the first source place, and the weights of it and of those that
 * follow.
 */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * @param bytes [height, width, channels], rounded up
 * @param extent of the picture; not whole if the last row or column is a mean of fewer
 * @returns [toHeight, toWidth, channels]
 */
export function resample(
  bytes: Uint8Array | Uint8ClampedArray,
  { height, width }: Extent,
  { height: toHeight, width: toWidth }: Extent,
  channels = 3,
): Uint8ClampedArray {
  const [rows, columns] = [Math.ceil(height), Math.ceil(width)];
  const tall = along(bytes, 1, rows, columns * channels, taps(height, toHeight));
  return along(tall, toHeight, columns, channels, taps(width, toWidth));
}

/** [outer, from, inner] to [outer, to, inner]; pixels at the edges are repeated beyond them. */
function along(
  bytes: Uint8Array | Uint8ClampedArray,
  outer: number,
  from: number,
  inner: number,
  all: readonly Taps[],
): Uint8ClampedArray {
  const result = new Uint8ClampedArray(outer * all.length * inner);
  const sums = new Float64Array(inner);
  for (let row = 0; row < outer; row++) {
    all.forEach(({ first, weights }, place) => {
      sums.fill(0);
      weights.forEach((weight, tap) => {
        const source = (row * from + Math.min(Math.max(first + tap, 0), from - 1)) * inner;
        for (let i = 0; i < inner; i++)
          sums[i] = (sums[i] as number) + weight * (bytes[source + i] as number);
      });
      result.set(sums, (row * all.length + place) * inner);
    });
  }
  return result;
}

function taps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const [kernel, radius] = scale > 1 ? ([lanczos3, 3] as const) : ([catmullRom, 2] as const);
  return Array.from({ length: to }, (_, place) => {
    // libvips shifts an enlarged picture by half a pixel of the result; so does this.
    const centre = (place + (scale < 1 ? 0 : 0.5)) * scale - 0.5;
    const first = Math.ceil(centre - radius * stretch);
    const last = Math.floor(centre + radius * stretch);
    const weights = Array.from({ length: last - first + 1 }, (_, tap) =>
      kernel((first + tap - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const lanczos3 = (x: number) => (Math.abs(x) < 3 ? sinc(x) * sinc(x / 3) : 0);

function catmullRom(at: number): number {
  const x = Math.abs(at);
  if (x >= 2) return 0;
  return x < 1 ? 1.5 * x ** 3 - 2.5 * x ** 2 + 1 : -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2;
}
