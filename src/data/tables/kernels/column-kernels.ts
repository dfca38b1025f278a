/** Reads a column of records at once: as numbers, or as cells that come again and again. */
import { ENTRY, KEY_BYTES, PLACES, STATE } from './memory-layout.js';
import { type CellRecords, tableMemory } from './table-memory.js';

/** Which numbers are usual: those from `low` to `high`. */
interface UsualNumbers {
  /** The byte of the decimal mark. */
  readonly decimal: number;
  readonly low: number;
  readonly high: number;
  /** What an empty cell becomes, and, for the moment, one that is hard. */
  readonly missing: number;
}

interface CellsRead<Values> {
  /** Of each record; until the next call. */
  readonly values: Values;
  /** The records of which nothing is known, in order. */
  readonly hard: Int32Array;
}

/** The numbers of cells, each the float64 that is nearest; hard are those that are not usual. */
export function readNumbers(
  { count }: CellRecords,
  place: number,
  { decimal, low, high, missing }: UsualNumbers,
): CellsRead<Float64Array> & { readonly empty: number } {
  const { kernels, numbers, hard, state } = tableMemory();
  const left = kernels.numbers(place, count, decimal, low, high, missing);
  return { values: numbers, hard: hard.subarray(0, left), empty: state[STATE.empty] as number };
}

/** Values of records, one after the other, to places that lie `step` apart. */
export function spread(
  from: Float64Array | Int32Array,
  into: Float32Array | Int32Array | Uint8Array,
  at: number,
  step: number,
  count: number,
): void {
  // A loop of its own: within a closure it takes three times as long.
  for (let record = 0, to = at; record < count; record++, to += step) into[to] = from[record] as number;
}

/** Cells of one column that are known by their bytes, until others take their place. */
interface KnownCells {
  /** The numbers of cells; hard are those that are not known. */
  read(records: CellRecords, place: number): CellsRead<Int32Array>;
  /** @param value of this cell, in 32 bits */
  add(records: CellRecords, cell: number, value: number): void;
}

let columns = 0;

/** @param missing what an empty cell becomes */
export function knownCells(missing: number): KnownCells {
  // By it, the cells of columns are told apart.
  const column = ++columns;
  return {
    read({ count }, place) {
      const { kernels, codes, hard } = tableMemory();
      return { values: codes, hard: hard.subarray(0, kernels.codes(place, count, column, missing)) };
    },
    add({ starts, ends, quoted }, cell, value) {
      const start = starts[cell] as number;
      const length = (ends[cell] as number) - start;
      if (length > KEY_BYTES || quoted[cell] === 2) return;
      const { kernels, bytes, words } = tableMemory();
      const place = kernels.placeOf(start, length, column);
      const entry = place > 0 ? place : freeEntry(words, -place);
      bytes.fill(0, entry, entry + KEY_BYTES);
      bytes.copyWithin(entry, start, start + length);
      words[(entry + ENTRY.tag) / 4] = length;
      words[(entry + ENTRY.tag) / 4 + 1] = column;
      words[(entry + ENTRY.value) / 4] = value;
    },
  };
}

/** One that is empty; or the first, if none of those that may be taken is. */
function freeEntry(words: Int32Array, first: number): number {
  for (let place = 0; place < PLACES; place++) {
    const entry = first + place * ENTRY.bytes;
    if (words[(entry + ENTRY.tag) / 4 + 1] === 0) return entry;
  }
  return first;
}
