/** Where everything lies in the memory in which texts are read. */

/** So many records are passed on together, so that a column of them is read in one loop. */
export const RECORDS_TOGETHER = 256;
/** From so many cells on, fewer records are passed on. */
export const CELLS_TOGETHER = 2 ** 16;
/** Of one record. */
export const MOST_CELLS = 2 ** 16;
/** So many bytes are looked at together; some may lie behind the text. */
export const BLOCK_BYTES = 64;

/** Cells up to this length are kept to be found again. */
export const KEY_BYTES = 32;
/** Of a cell that is kept: its bytes, then its length and its column, then its number. */
export const ENTRY = { bytes: 64, tag: KEY_BYTES, value: KEY_BYTES + 8 } as const;
/** A power of two. */
export const ENTRIES = 2 ** 14;
/** An entry lies at the place of its hash, or at one of the next. */
export const PLACES = 8;

/** Of the records that are passed on together, and of the one that follows. */
export const CELL_ROOM = CELLS_TOGETHER + MOST_CELLS + BLOCK_BYTES;

let used = 0;
/** Room for so many bytes, behind what has been placed before. */
function room(bytes: number): number {
  const address = used;
  used += 64 * Math.ceil(bytes / 64);
  return address;
}

export const AT = {
  /** Four whole numbers that a call changes; `STATE` says which. */
  state: room(64),
  /** 16 zeros, then 16 times 255: from `length` on, all but the last `length` bytes are zeros. */
  lastBytes: room(32),
  /** 32 times 255, then 32 zeros: from 32 − `length` on, all but the first `length` are zeros. */
  firstBytes: room(64),
  /** For each place of a decimal mark, and for none, the places of 16 bytes without it. */
  withoutMark: room(17 * 16),
  /** For each place of a decimal mark, and for none, by what the digits are divided. */
  powers: room(17 * 8),
  entries: room((ENTRIES + PLACES) * ENTRY.bytes),
  /** Of each record. */
  lines: room(4 * RECORDS_TOGETHER),
  firsts: room(4 * RECORDS_TOGETHER),
  cells: room(4 * RECORDS_TOGETHER),
  /** Of each cell. */
  starts: room(4 * CELL_ROOM),
  ends: room(4 * CELL_ROOM),
  quoted: room(CELL_ROOM),
  /** What cells have become: of each record a float64, or an int32. */
  numbers: room(8 * RECORDS_TOGETHER),
  codes: room(4 * RECORDS_TOGETHER),
  /** Records whose cells are not simple. */
  hard: room(4 * RECORDS_TOGETHER),
  /** Behind some bytes that may be read with it. */
  text: room(64) + 64,
} as const;

/** The places of the numbers that a call changes. */
export const STATE = { count: 0, used: 1, line: 2, stop: 3, empty: 0 } as const;

/** Why reading records has stopped: all bytes are read, or as many as were asked for. */
export const STOP = { atEnd: 0, full: 1, atQuote: 2, tooMany: 3 } as const;
