/**
 * Finds the cells of a text table (RFC 4180) in UTF-8 bytes that come piece by piece. It makes no
 * strings: a cell is a place in the bytes, which is what makes it as fast as reading numbers asks
 * for, and records are passed on many at a time. Quotes, doubled quotes, line breaks in quotes, and
 * the line ends of every system are known.
 */
import { DataError } from '../error.js';
import { AT, CELLS_TOGETHER, MOST_CELLS, RECORDS_TOGETHER, STATE, STOP } from './kernels/memory-layout.js';
import { type CellRecords, type TableMemory, withTableMemory } from './kernels/table-memory.js';

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d];
/** A record longer than that is a quote that never ends. */
const LONGEST_RECORD = 2 ** 24;
const decoder = new TextDecoder();

export interface RecordScanner {
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
  let begun = new Uint8Array(0);
  let [line, together, isEnded] = [1, 1, false];

  const read = (chunk: Uint8Array, isLast: boolean) => (memory: TableMemory) => {
    memory.bytes.set(begun, AT.text);
    memory.bytes.set(chunk, AT.text + begun.length);
    const scan = newScan(file, separator, memory, AT.text + begun.length + chunk.length, isLast);
    scan.line = line;
    let at = AT.text;
    const passOn = () => {
      if (scan.records.count === 0) return;
      together = RECORDS_TOGETHER;
      isEnded = onRecords(scan.records) === false;
      scan.records.count = 0;
      scan.used = 0;
    };
    try {
      for (let before = -1; before < at && at < scan.end && !isEnded; ) {
        before = at;
        at = readRecords(scan, at, together);
        if (scan.records.count === together || scan.used >= CELLS_TOGETHER) passOn();
      }
    } finally {
      passOn();
    }
    line = scan.line;
    begun = memory.bytes.slice(at, scan.end);
  };

  return {
    push(chunk) {
      if (isEnded) return;
      withTableMemory(begun.length + chunk.length, read(chunk, false));
      if (begun.length > LONGEST_RECORD) throw openQuote(file, line);
    },
    end() {
      if (!isEnded && begun.length > 0) withTableMemory(begun.length, read(new Uint8Array(0), true));
    },
  };
}

/** The records that were read, and the one that is. */
interface Scan {
  readonly file: string;
  readonly separator: number;
  readonly memory: TableMemory;
  readonly records: CellRecords;
  /** The address behind the bytes. */
  readonly end: number;
  /** Whether no bytes come after these. */
  readonly isLast: boolean;
  /** How many cells the records have that were read. */
  used: number;
  /** Of the one that is read: its line, and how many lines it takes. */
  line: number;
  lines: number;
}

const newScan = (
  file: string,
  separator: number,
  memory: TableMemory,
  end: number,
  isLast: boolean,
): Scan => ({
  ...{ file, separator, memory, end, isLast, used: 0, line: 1, lines: 1 },
  records: { ...memory.lists, count: 0 },
});

/**
 * Reads records from `from` on, until there are so many, and says where the next one begins. If it
 * is where they began, its end is not here yet.
 */
function readRecords(scan: Scan, from: number, most: number): number {
  const { records, memory, separator, isLast, end } = scan;
  const { state, kernels } = memory;
  state[STATE.count] = records.count;
  state[STATE.used] = scan.used;
  state[STATE.line] = scan.line;
  const next = kernels.records(from, end, separator, Number(isLast), most);
  records.count = state[STATE.count] as number;
  scan.used = state[STATE.used] as number;
  scan.line = state[STATE.line] as number;
  const stop = state[STATE.stop];
  if (stop === STOP.tooMany) throw tooMany(scan.file, scan.line);
  const isUnended = stop === STOP.atEnd && isLast && next < end;
  return stop === STOP.atQuote || isUnended ? readRecord(scan, next) : next;
}

/** Reads one record in which there are quotes, or which has no line end. */
function readRecord(scan: Scan, from: number): number {
  const { records, separator, isLast, end } = scan;
  const { bytes, starts, ends, quoted } = records;
  scan.lines = 1;
  let cell = scan.used;
  let [start, isQuoted] = [from, false];
  const endCell = (at: number) => {
    if (isQuoted) isQuoted = false;
    else {
      starts[cell] = start;
      ends[cell] = at;
      quoted[cell] = 0;
    }
    cell++;
    if (cell - scan.used > MOST_CELLS) throw tooMany(scan.file, scan.line);
  };
  for (let at = from; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte === separator || byte === LF || byte === CR) {
      endCell(at);
      if (byte !== separator) {
        // A carriage return at the end of a piece may be half of a line end.
        if (byte === CR && at + 1 >= end && !isLast) return from;
        keepRecord(scan, cell);
        return byte === CR && at + 1 < end && bytes[at + 1] === LF ? at + 2 : at + 1;
      }
      start = at + 1;
    } else if (byte === QUOTE && at === start) {
      at = readQuoted(scan, cell, at + 1);
      // What follows a quote may not be here yet: another quote, or the rest of a line end.
      if (at >= end && !isLast) return from;
      if (at > end) throw openQuote(scan.file, scan.line);
      const next = bytes[at];
      if (at < end && next !== separator && next !== LF && next !== CR)
        throw textAfterQuote(scan.file, scan.line + scan.lines - 1);
      isQuoted = true;
      at--;
    }
  }
  if (!isLast) return from;
  endCell(end);
  keepRecord(scan, cell);
  return end;
}

/** Ends a record before the cell of this number; an empty line is none. */
function keepRecord(scan: Scan, end: number): void {
  const { records, used } = scan;
  const { count } = records;
  const cells = end - used;
  const isEmpty = cells === 1 && records.quoted[used] === 0 && records.starts[used] === records.ends[used];
  if (!isEmpty) {
    records.lines[count] = scan.line;
    records.firsts[count] = used;
    records.cells[count] = cells;
    records.count++;
    scan.used = end;
  }
  scan.line += scan.lines;
}

/** Reads a cell from behind its quote; beyond the bytes if it does not end in them. */
function readQuoted(scan: Scan, cell: number, start: number): number {
  const { records, end } = scan;
  const { bytes, starts, ends, quoted } = records;
  starts[cell] = start;
  quoted[cell] = 1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte === LF) scan.lines++;
    if (byte !== QUOTE) continue;
    if (at + 1 >= end || bytes[at + 1] !== QUOTE) {
      ends[cell] = at;
      return at + 1;
    }
    quoted[cell] = 2;
    at++;
  }
  return end + 1;
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
