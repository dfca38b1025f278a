/**
 * The sums of every example by itself, from which those of any selection of the examples follow:
 * each is added as often as it was selected.
 */
import type { Sums } from './known-figures.js';

/** A sum of each example by itself, without the zeros: those of example i lie from starts[i] on. */
export interface SparseRows {
  readonly starts: Uint32Array;
  readonly places: Uint32Array;
  readonly values: Float64Array;
}

/** By the name of the sum; `lossSum` and `counted` are among them. */
export type ExampleSums = Readonly<Record<string, SparseRows>>;

/** What one example was measured to. */
interface MeasuredExample {
  readonly sums: Sums;
  readonly lossSum: number;
  readonly counted: number;
}

/** The rows of examples, each measured by itself. */
export function exampleSums(each: readonly MeasuredExample[]): ExampleSums {
  const [first] = each;
  if (first === undefined) return {};
  const rowsOf = ({ sums, lossSum, counted }: MeasuredExample): Record<string, ArrayLike<number>> => ({
    ...{ ...sums, lossSum: [lossSum], counted: [counted] },
  });
  return Object.fromEntries(
    Object.keys(rowsOf(first)).map((name) => {
      const [starts, places, values]: [number[], number[], number[]] = [[0], [], []];
      for (const one of each) {
        const row = rowsOf(one)[name] ?? [];
        for (let place = 0; place < row.length; place++) {
          if (row[place] === 0) continue;
          places.push(place);
          values.push(row[place] as number);
        }
        starts.push(places.length);
      }
      const rows: SparseRows = {
        starts: Uint32Array.from(starts),
        places: Uint32Array.from(places),
        values: Float64Array.from(values),
      };
      return [name, rows];
    }),
  );
}

/** The rows of one part after the other. */
export function joinedExampleSums(parts: readonly ExampleSums[]): ExampleSums {
  const [first = {}] = parts;
  return Object.fromEntries(
    Object.keys(first).map((name) => {
      const rows = parts.map((part) => part[name] as SparseRows);
      let from = 0;
      const starts = rows.map((part) => {
        const first = from;
        from += part.places.length;
        return part.starts.subarray(0, -1).map((start) => first + start);
      });
      const integers = (length: number) => new Uint32Array(length);
      const joined: SparseRows = {
        starts: joinedArrays([...starts, Uint32Array.of(from)], integers),
        places: joinedArrays(
          rows.map(({ places }) => places),
          integers,
        ),
        values: joinedArrays(
          rows.map(({ values }) => values),
          (length) => new Float64Array(length),
        ),
      };
      return [name, joined];
    }),
  );
}

/** One array after the other. A list of numbers in between would take eight times the memory. */
export function joinedArrays<Values extends Uint8Array | Uint32Array | Float64Array>(
  parts: readonly Values[],
  empty: (length: number) => Values,
): Values {
  const joined = empty(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/**
 * The sum over the examples, each added `counts` times.
 * @param size of the sum
 */
export function sumOfRows(
  { starts, places, values }: SparseRows,
  counts: Uint32Array,
  size: number,
): Float64Array {
  const sum = new Float64Array(size);
  counts.forEach((count, example) => {
    if (count === 0) return;
    for (let at = starts[example] as number; at < (starts[example + 1] as number); at++) {
      const place = places[at] as number;
      sum[place] = (sum[place] as number) + count * (values[at] as number);
    }
  });
  return sum;
}
