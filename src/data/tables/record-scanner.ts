/**
 * Finds the cells of a text table (RFC 4180) in UTF-8 bytes that come piece by piece. It makes no
 * strings: a cell is a place in the bytes, which is what makes it as fast as reading numbers asks
 * for, and records are passed on many at a time. Quotes, doubled quotes, line breaks in quotes, and
 * the line ends of every system are known.
 */
import { DataError } from '../error.js';

/** Some records that follow each other; the lists are reused for the next ones. */
export interface CellRecords {
  bytes: Uint8Array;
  /** How many records there are. */
  count: number;
  /** Of each record: the line on which it begins, from 1; its first cell; how many cells it has. */
  readonly lines: Int32Array;
  readonly firsts: Int32Array;
  readonly cells: Int32Array;
  /** Where each cell begins and ends, without its quotes. */
  starts: Int32Array;
  ends: Int32Array;
  /** 1 for a quoted cell, 2 if quotes in it are doubled. */
  quoted: Uint8Array;
}

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d];
/** A record longer than that is a quote that never ends. */
const LONGEST_RECORD = 2 ** 24;
const MOST_CELLS = 2 ** 16;
/** So many are passed on together, so that a column of them is read in one loop. */
const RECORDS_TOGETHER = 256;
const CELLS_TOGETHER = 2 ** 16;
const decoder = new TextDecoder();

export interface RecordScanner {
  /** The line that is read, from 1. */
  line(): number;
  /** @param chunk is not kept */
  push(chunk: Uint8Array): void;
  /** The last record may have no line end. */
  end(): void;
}

/**
 * @param onRecords called with the first record alone, as it may be a header; then with several at
 * once. Empty lines are left out. False ends the scan
 * @throws DataError when a quote does not end, or text follows it in its cell; the records before
 * are passed on first
 */
export function scanRecords(
  file: string,
  separator: number,
  onRecords: (records: CellRecords) => boolean | undefined,
): RecordScanner {
  const scan = newScan(file, separator);
  const { records } = scan;
  let buffer = new Uint8Array(0);
  /** How many bytes of the buffer are a record that has begun. */
  let begun = 0;
  let together = 1;
  let ended = false;

  const passOn = () => {
    if (records.count === 0) return;
    together = RECORDS_TOGETHER;
    ended = onRecords(records) === false;
    records.count = 0;
    scan.used = 0;
  };
  const read = (bytes: Uint8Array, isLast: boolean): number => {
    let at = 0;
    records.bytes = bytes;
    try {
      while (at < bytes.length && !ended) {
        const next = readRecords(scan, at, together, isLast);
        passOn();
        if (next === at) break;
        at = next;
      }
    } finally {
      passOn();
    }
    return at;
  };

  return {
    line: () => scan.line,
    push(chunk) {
      if (ended) return;
      const length = begun + chunk.length;
      if (length > buffer.length) {
        const longer = new Uint8Array(2 * length);
        longer.set(buffer.subarray(0, begun));
        buffer = longer;
      }
      buffer.set(chunk, begun);
      const used = read(buffer.subarray(0, length), false);
      buffer.copyWithin(0, used, length);
      begun = length - used;
      if (begun > LONGEST_RECORD) throw openQuote(file, scan.line);
    },
    end() {
      if (!ended && begun > 0) read(buffer.subarray(0, begun), true);
    },
  };
}

/** The records that were read, and the one that is. */
interface Scan {
  readonly file: string;
  readonly separator: number;
  readonly records: CellRecords;
  /** How many cells the records have that were read. */
  used: number;
  /** Of the one that is read: its line, and how many lines it takes. */
  line: number;
  lines: number;
}

const newScan = (file: string, separator: number): Scan => ({
  ...{ file, separator, used: 0, line: 1, lines: 1 },
  records: {
    ...{ bytes: new Uint8Array(0), count: 0, starts: new Int32Array(64), ends: new Int32Array(64) },
    ...{ quoted: new Uint8Array(64), lines: new Int32Array(RECORDS_TOGETHER) },
    ...{ firsts: new Int32Array(RECORDS_TOGETHER), cells: new Int32Array(RECORDS_TOGETHER) },
  },
});

/**
 * Reads at most so many records from `from` on, and says where the next one begins. If there are
 * fewer, its end is not here yet.
 */
function readRecords(scan: Scan, from: number, most: number, isLast: boolean): number {
  const { records, separator } = scan;
  const { bytes } = records;
  const { length } = bytes;
  // Most bytes are letters and digits.
  const highest = Math.max(separator, QUOTE);
  let { starts, ends, quoted } = records;
  scan.lines = 1;
  let cell = 0;
  let [recordStart, start, isQuoted] = [from, from, false];
  for (let at = from; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte > highest) continue;
    if (byte === separator || byte === LF || byte === CR) {
      if (isQuoted) isQuoted = false;
      else {
        starts[cell] = start;
        ends[cell] = at;
        quoted[cell] = 0;
      }
      cell++;
      if (cell === starts.length) {
        widen(scan, cell);
        ({ starts, ends, quoted } = records);
      }
      if (byte !== separator) {
        // A carriage return at the end of a piece may be half of a line end.
        if (byte === CR && at + 1 >= length && !isLast) return recordStart;
        if (byte === CR && at + 1 < length && bytes[at + 1] === LF) at++;
        recordStart = at + 1;
        cell = keepRecord(scan, cell);
        if (records.count === most || cell >= CELLS_TOGETHER) return recordStart;
      }
      start = at + 1;
    } else if (byte === QUOTE && at === start) {
      at = readQuoted(scan, cell, at + 1);
      // What follows a quote may not be here yet: another quote, or the rest of a line end.
      if (at >= length && !isLast) return recordStart;
      if (at > length) throw openQuote(scan.file, scan.line);
      const next = bytes[at];
      if (at < length && next !== separator && next !== LF && next !== CR)
        throw textAfterQuote(scan.file, scan.line + scan.lines - 1);
      isQuoted = true;
      at--;
    }
  }
  if (!isLast || recordStart === length) return recordStart;
  if (!isQuoted) {
    starts[cell] = start;
    ends[cell] = length;
    quoted[cell] = 0;
  }
  keepRecord(scan, cell + 1);
  return length;
}

/**
 * Ends a record before the cell of this number; an empty line is none.
 * @returns the number of the next cell
 */
function keepRecord(scan: Scan, end: number): number {
  const { records, used } = scan;
  const { count } = records;
  const cells = end - used;
  if (cells > MOST_CELLS) throw tooMany(scan.file, scan.line);
  const isEmpty = cells === 1 && records.quoted[used] === 0 && records.starts[used] === records.ends[used];
  if (!isEmpty) {
    records.lines[count] = scan.line;
    records.firsts[count] = used;
    records.cells[count] = cells;
    records.count++;
    scan.used = end;
  }
  scan.line += scan.lines;
  scan.lines = 1;
  return scan.used;
}

/** Reads a cell from behind its quote; beyond the bytes if it does not end in them. */
function readQuoted(scan: Scan, cell: number, start: number): number {
  const { bytes, starts, ends, quoted } = scan.records;
  starts[cell] = start;
  quoted[cell] = 1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === LF) scan.lines++;
    if (byte !== QUOTE) continue;
    if (at + 1 >= bytes.length || bytes[at + 1] !== QUOTE) {
      ends[cell] = at;
      return at + 1;
    }
    quoted[cell] = 2;
    at++;
  }
  return bytes.length + 1;
}

/** The text of a cell, by its place in the lists; doubled quotes in it are one. */
export function cellText({ bytes, starts, ends, quoted }: CellRecords, cell: number): string {
  const text = decoder.decode(bytes.subarray(starts[cell], ends[cell]));
  return quoted[cell] === 2 ? text.replaceAll('""', '"') : text;
}

/** The texts of a record. */
export function recordTexts(records: CellRecords, record: number): string[] {
  const first = records.firsts[record] as number;
  return Array.from({ length: records.cells[record] as number }, (_, cell) =>
    cellText(records, first + cell).trim(),
  );
}

/** Makes room for more cells. */
function widen({ file, line, records, used }: Scan, cells: number): void {
  if (cells - used > MOST_CELLS) throw tooMany(file, line);
  const width = 2 * records.starts.length;
  const wider = <Kind extends Int32Array | Uint8Array>(from: Kind, into: Kind) => {
    into.set(from);
    return into;
  };
  records.starts = wider(records.starts, new Int32Array(width));
  records.ends = wider(records.ends, new Int32Array(width));
  records.quoted = wider(records.quoted, new Uint8Array(width));
}

const tooMany = (file: string, line: number) =>
  new DataError(`data: "${file}", line ${line} has more than ${MOST_CELLS} cells`);

const openQuote = (file: string, line: number) =>
  new DataError(`data: "${file}", line ${line}: a quote begins a cell and does not end`, {
    hint: 'a quote within a quoted cell is written twice: ""',
  });

const textAfterQuote = (file: string, line: number) =>
  new DataError(
    `data: "${file}", line ${line}: text follows the quote that ends a cell, expected a separator`,
    { hint: 'a quote within a quoted cell is written twice: ""' },
  );

/** A record with another number of cells than the header has. */
export const ragged = (file: string, { lines, cells }: CellRecords, record: number, expected: number) =>
  new DataError(
    `data: "${file}", line ${lines[record]} has ${cells[record]} cells, expected ${expected}, as the header has`,
    { hint: 'a cell that holds the separator is put in quotes' },
  );
