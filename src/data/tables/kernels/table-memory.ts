/**
 * The memory in which the text of tables is read, and the inner loops that work in it. A thread has
 * one: a piece of a text is read to its end before another one comes.
 */
import { AT, BLOCK_BYTES, CELL_ROOM, KEY_BYTES, RECORDS_TOGETHER } from './memory-layout.js';
import { tableModule } from './table-module.js';

/** Some records that follow each other; the lists are reused for the next ones. */
export interface CellRecords {
  /** Cells are places in it. */
  readonly bytes: Uint8Array;
  /** How many records there are. */
  count: number;
  /** Of each record: the line on which it begins, from 1; its first cell; how many cells it has. */
  readonly lines: Int32Array;
  readonly firsts: Int32Array;
  readonly cells: Int32Array;
  /** Where each cell begins and ends, without its quotes. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** 1 for a quoted cell, 2 if quotes in it are doubled. */
  readonly quoted: Uint8Array;
}

interface TableKernels {
  records(at: number, end: number, separator: number, isLast: number, most: number): number;
  numbers(place: number, count: number, mark: number, low: number, high: number, missing: number): number;
  codes(place: number, count: number, column: number, missing: number): number;
  placeOf(start: number, length: number, column: number): number;
}

export interface TableMemory {
  readonly kernels: TableKernels;
  readonly bytes: Uint8Array;
  readonly state: Int32Array;
  readonly words: Int32Array;
  readonly lists: Omit<CellRecords, 'count'>;
  /** What the cells of a column have become, of each record. */
  readonly numbers: Float64Array;
  readonly codes: Int32Array;
  /** Records whose cells are left to JavaScript. */
  readonly hard: Int32Array;
}

const PAGE = 65_536;

let own: { readonly memory: WebAssembly.Memory; views: TableMemory } | undefined;
let isUsed = false;

/** The memory, by which records are read that lie in it. */
export function tableMemory(): TableMemory {
  own ??= opened(AT.text + BLOCK_BYTES);
  return own.views;
}

/**
 * Gives the memory to one reader of a text, from AT.text on.
 * @param textBytes how many bytes there must be room for
 */
export function withTableMemory<Result>(textBytes: number, use: (memory: TableMemory) => Result): Result {
  if (isUsed) throw new Error('internal: a text is read within another one');
  isUsed = true;
  try {
    const bytes = AT.text + textBytes + BLOCK_BYTES;
    own ??= opened(bytes);
    const { memory, views } = own;
    const lacking = bytes - memory.buffer.byteLength;
    if (lacking > 0) {
      memory.grow(Math.ceil(lacking / PAGE));
      own.views = viewsOf(memory, views.kernels);
    }
    return use(own.views);
  } finally {
    isUsed = false;
  }
}

function opened(bytes: number) {
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(tableModule()), { tables: { memory } });
  const { buffer } = memory;
  new Uint8Array(buffer, AT.lastBytes + 16, 16).fill(255);
  new Uint8Array(buffer, AT.firstBytes, KEY_BYTES).fill(255);
  for (let mark = 0; mark <= 16; mark++) {
    const places = Array.from({ length: 16 }, (_, at) => (at > mark ? at : at === 0 ? 255 : at - 1));
    const kept = mark === 16 ? Array.from({ length: 16 }, (_, at) => at) : places;
    new Uint8Array(buffer, AT.withoutMark + 16 * mark, 16).set(kept);
    new Float64Array(buffer, AT.powers)[mark] = mark === 16 ? 1 : 10 ** (15 - mark);
  }
  return { memory, views: viewsOf(memory, exports as unknown as TableKernels) };
}

function viewsOf({ buffer }: WebAssembly.Memory, kernels: TableKernels): TableMemory {
  const ints = (at: number, length: number) => new Int32Array(buffer, at, length);
  const bytes = new Uint8Array(buffer);
  return {
    ...{ kernels, bytes, words: new Int32Array(buffer), state: ints(AT.state, 4) },
    lists: {
      ...{ bytes, quoted: new Uint8Array(buffer, AT.quoted, CELL_ROOM) },
      ...{ lines: ints(AT.lines, RECORDS_TOGETHER), firsts: ints(AT.firsts, RECORDS_TOGETHER) },
      ...{ cells: ints(AT.cells, RECORDS_TOGETHER), starts: ints(AT.starts, CELL_ROOM) },
      ends: ints(AT.ends, CELL_ROOM),
    },
    numbers: new Float64Array(buffer, AT.numbers, RECORDS_TOGETHER),
    codes: ints(AT.codes, RECORDS_TOGETHER),
    hard: ints(AT.hard, RECORDS_TOGETHER),
  };
}
