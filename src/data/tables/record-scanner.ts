/**
 * Finds the cells of a text table (RFC 4180) in UTF-8 bytes that come piece by piece. It makes no
 * strings: a cell is a place in the bytes, which is what makes it as fast as reading numbers asks
 * for. Quotes, doubled quotes, line breaks in quotes, and the line ends of every system are known.
 */
import { DataError } from '../error.js';

/** One record; it is reused for the next one. */
export interface CellRecord {
  bytes: Uint8Array;
  cells: number;
  /** Where each cell begins and ends, without its quotes. */
  starts: Int32Array;
  ends: Int32Array;
  /** 1 for a quoted cell, 2 if quotes in it are doubled. */
  quoted: Uint8Array;
  /** The line on which it begins, from 1. */
  line: number;
  /** How many lines it takes. */
  lines: number;
}

const [QUOTE, LF, CR] = [0x22, 0x0a, 0x0d];
/** A record longer than that is a quote that never ends. */
const LONGEST_RECORD = 2 ** 24;
const MOST_CELLS = 100_000;
const decoder = new TextDecoder();

export interface RecordScanner {
  /** The line that is read, from 1. */
  line(): number;
  push(chunk: Uint8Array): void;
  /** The last record may have no line end. */
  end(): void;
}

/**
 * @param onRecord called with each record that is not an empty line; false ends the scan
 * @throws DataError when a quote does not end, or text follows it in its cell
 */
export function scanRecords(
  file: string,
  separator: number,
  onRecord: (record: CellRecord) => boolean | undefined,
): RecordScanner {
  const record: CellRecord = {
    ...{ bytes: new Uint8Array(0), cells: 0, line: 1, lines: 1 },
    ...{ starts: new Int32Array(64), ends: new Int32Array(64), quoted: new Uint8Array(64) },
  };
  let rest = new Uint8Array(0);
  let line = 1;
  let ended = false;

  const scan = (bytes: Uint8Array, isLast: boolean): number => {
    let at = 0;
    record.bytes = bytes;
    while (at < bytes.length && !ended) {
      record.line = line;
      const next = readRecord(record, at, separator, isLast, file);
      if (next < 0) break;
      line += record.lines;
      const isEmpty = record.cells === 1 && record.quoted[0] === 0 && record.starts[0] === record.ends[0];
      if (!isEmpty && onRecord(record) === false) ended = true;
      at = next;
    }
    return at;
  };

  return {
    line: () => line,
    push(chunk) {
      if (ended) return;
      const bytes = rest.length === 0 ? chunk : joinBytes(rest, chunk);
      const used = scan(bytes, false);
      rest = bytes.slice(used);
      if (rest.length > LONGEST_RECORD) throw openQuote(file, line);
    },
    end() {
      if (!ended && rest.length > 0) scan(rest, true);
    },
  };
}

/**
 * Reads the record that begins at `from`, and says where the next one does; −1 if its end is not
 * here yet.
 */
function readRecord(
  record: CellRecord,
  from: number,
  separator: number,
  isLast: boolean,
  file: string,
): number {
  const { bytes } = record;
  const { length } = bytes;
  record.lines = 1;
  let { starts, ends, quoted } = record;
  let cells = 0;
  let at = from;
  for (;;) {
    if (cells === starts.length) {
      widen(record, file);
      ({ starts, ends, quoted } = record);
    }
    if (at < length && bytes[at] === QUOTE) {
      at = readQuoted(record, cells, at + 1);
      // What follows a quote may not be here yet: another quote, or the rest of a line end.
      if (at >= length && !isLast) return -1;
      if (at > length) throw openQuote(file, record.line);
      const next = bytes[at];
      if (at < length && next !== separator && next !== LF && next !== CR)
        throw textAfterQuote(file, record.line + record.lines - 1);
    } else {
      starts[cells] = at;
      quoted[cells] = 0;
      for (; at < length; at++) {
        const byte = bytes[at] as number;
        // Most bytes are letters and digits.
        if (byte === separator || (byte <= CR && (byte === LF || byte === CR))) break;
      }
      ends[cells] = at;
    }
    cells++;
    if (at >= length) {
      if (!isLast) return -1;
      break;
    }
    const byte = bytes[at++];
    if (byte === separator) continue;
    // A carriage return at the end of a piece may be half of a line end.
    if (byte === CR) {
      if (at >= length && !isLast) return -1;
      if (bytes[at] === LF) at++;
    }
    break;
  }
  record.cells = cells;
  return at;
}

/** Reads a cell from behind its quote; beyond the bytes if it does not end in them. */
function readQuoted(record: CellRecord, cell: number, start: number): number {
  const { bytes } = record;
  record.starts[cell] = start;
  record.quoted[cell] = 1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === LF) record.lines++;
    if (byte !== QUOTE) continue;
    if (bytes[at + 1] !== QUOTE) {
      record.ends[cell] = at;
      return at + 1;
    }
    record.quoted[cell] = 2;
    at++;
  }
  return bytes.length + 1;
}

/** The text of a cell; doubled quotes in it are one. */
export function cellText({ bytes, starts, ends, quoted }: CellRecord, cell: number): string {
  const text = decoder.decode(bytes.subarray(starts[cell], ends[cell]));
  return quoted[cell] === 2 ? text.replaceAll('""', '"') : text;
}

function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

function widen(record: CellRecord, file: string): void {
  const width = 2 * record.starts.length;
  if (width > MOST_CELLS) {
    throw new DataError(`data: "${file}", line ${record.line} has more than ${record.starts.length} cells`);
  }
  const wider = <Kind extends Int32Array | Uint8Array>(from: Kind, into: Kind) => {
    into.set(from);
    return into;
  };
  record.starts = wider(record.starts, new Int32Array(width));
  record.ends = wider(record.ends, new Int32Array(width));
  record.quoted = wider(record.quoted, new Uint8Array(width));
}

const openQuote = (file: string, line: number) =>
  new DataError(`data: "${file}", line ${line}: a quote begins a cell and does not end`, {
    hint: 'a quote within a quoted cell is written twice: ""',
  });

const textAfterQuote = (file: string, line: number) =>
  new DataError(
    `data: "${file}", line ${line}: text follows the quote that ends a cell, expected a separator`,
    { hint: 'a quote within a quoted cell is written twice: ""' },
  );
