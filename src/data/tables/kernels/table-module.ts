/**
 * The bytes of a small WebAssembly module with the inner loops of reading text tables: 64 bytes at
 * a time, and without a branch for each digit. What is not simple is left to JavaScript.
 *
 *     records(at, end, separator, isLast, most) → the address behind the last record that is whole
 *     numbers(place, count, mark, low, high, missing) → how many cells are hard
 *     codes(place, count, column, missing) → how many cells are hard
 *     placeOf(start, length, column) → the address where a cell is kept; or minus the first where it may be
 *
 * Cells and results lie where `memory-layout.ts` says.
 */
import { instructions, type WasmLocals, wasmFunction } from '../../../base/wasm/instructions.js';
import { type WasmCode, wasmModule } from '../../../base/wasm/module.js';
import {
  AT,
  BLOCK_BYTES,
  CELLS_TOGETHER,
  ENTRIES,
  ENTRY,
  KEY_BYTES,
  MOST_CELLS,
  PLACES,
  STATE,
  STOP,
} from './memory-layout.js';

const { int, isZero, equal, notEqual, below, atLeast, lowestBit, add, subtract, and, or } = instructions;
const { long, isZeroLong, equalLong, multiplyLong, addLong, subtractLong, andLong, orLong, xorLong } =
  instructions;
const { shiftLeftLong, shiftRightLong, lowestBitLong, toLong, fromLong } = instructions;
const { loadByte, load, loadLong, loadFloat, loadBytes, storeByte, store, storeFloat } = instructions;
const { eachOf, bytes, equalBytes, largerBytes, bytesAt, andBytes, orBytes, xorBytes } = instructions;
const { allBytes, topBits, shiftRightShorts, addShorts, multiplyShorts, narrowed, pairSums } = instructions;
const { laneOf, longLaneOf, select, when, repeatWhile, shiftLeft } = instructions;
const { atMostFloat, atLeastFloat, negative, divide, toFloat } = instructions;

const [QUOTE, LF, CR, PLUS, MINUS, ZERO] = [0x22, 0x0a, 0x0d, 0x2b, 0x2d, 0x30];

/** The number at this place of a list of int32, and the same of other types. */
const item = (list: number, place: WasmCode) => load(shiftLeft(place, int(2)), list);
const setItem = (list: number, place: WasmCode, value: WasmCode) =>
  store(shiftLeft(place, int(2)), value, list);
const stateAt = (place: number) => int(AT.state + 4 * place);
const increase = <Name extends string>({ get, set }: WasmLocals<Name>, name: Name, by = 1) =>
  set(name, add(get(name), int(by)));

const recordParameters = { at: 'i32', end: 'i32', separator: 'i32', isLast: 'i32', most: 'i32' } as const;
const recordLocals = {
  next: 'i32',
  start: 'i32',
  cell: 'i32',
  used: 'i32',
  count: 'i32',
  line: 'i32',
  stop: 'i32',
  mark: 'i32',
  byte: 'i32',
  cells: 'i32',
  marks: 'i64',
  block: 'v128',
  separators: 'v128',
  feeds: 'v128',
  returns: 'v128',
  quotes: 'v128',
} as const;
type RecordLocals = WasmLocals<keyof typeof recordParameters | keyof typeof recordLocals>;

/** The bits of `marks` say which of 64 bytes may end a cell, or are quotes. */
function findMarks({ get, set }: RecordLocals): WasmCode {
  const isOneOf = (bytes: 'separators' | 'feeds' | 'returns' | 'quotes') =>
    equalBytes(get('block'), get(bytes));
  const found = topBits(
    orBytes(orBytes(isOneOf('separators'), isOneOf('feeds')), orBytes(isOneOf('returns'), isOneOf('quotes'))),
  );
  const left = subtract(get('end'), get('at'));
  const bitsLeft = subtractLong(shiftLeftLong(long(1n), toLong(left)), long(1n));
  return [
    ...set('marks', long(0n)),
    ...[0, 16, 32, 48].flatMap((from) => [
      ...set('block', loadBytes(get('at'), from)),
      ...set('marks', orLong(get('marks'), shiftLeftLong(toLong(found), long(BigInt(from))))),
    ]),
    // What lies behind the end is old.
    ...when(below(left, int(BLOCK_BYTES)), set('marks', andLong(get('marks'), bitsLeft))),
  ];
}

/** Ends the record before `cell`, and its line. */
function endRecord(locals: RecordLocals): WasmCode {
  const { get, set } = locals;
  const keepRecord = [
    ...setItem(AT.lines, get('count'), get('line')),
    ...setItem(AT.firsts, get('count'), get('used')),
    ...setItem(AT.cells, get('count'), get('cells')),
    ...increase(locals, 'count'),
    ...set('used', get('cell')),
    ...when(
      or(equal(get('count'), get('most')), atLeast(get('used'), int(CELLS_TOGETHER))),
      set('stop', int(STOP.full)),
    ),
  ];
  const isEmpty = and(equal(get('cells'), int(1)), equal(get('mark'), item(AT.starts, get('used'))));
  return [
    ...set('cells', subtract(get('cell'), get('used'))),
    ...when(below(int(MOST_CELLS), get('cells')), set('stop', int(STOP.tooMany)), [
      // A line without a byte is no record.
      ...when(isEmpty, set('cell', get('used')), keepRecord),
      ...increase(locals, 'line'),
      ...set('next', get('start')),
    ]),
  ];
}

/** Ends a cell at `mark`, where `byte` is. */
function endCell(locals: RecordLocals): WasmCode {
  const { get, set } = locals;
  const endReturn = when(
    below(get('start'), get('end')),
    when(equal(loadByte(get('start')), int(LF)), increase(locals, 'start')),
    // It may be half of a line end.
    when(isZero(get('isLast')), set('stop', int(STOP.full))),
  );
  return [
    ...setItem(AT.starts, get('cell'), get('start')),
    ...setItem(AT.ends, get('cell'), get('mark')),
    ...storeByte(get('cell'), int(0), AT.quoted),
    ...increase(locals, 'cell'),
    ...set('start', add(get('mark'), int(1))),
    ...when(notEqual(get('byte'), get('separator')), [
      ...when(equal(get('byte'), int(CR)), endReturn),
      ...when(isZero(get('stop')), endRecord(locals)),
    ]),
  ];
}

/** Each mark ends a cell, but for quotes within one, and for line feeds that were read already. */
const useMarks = (locals: RecordLocals): WasmCode => {
  const { get, set } = locals;
  return repeatWhile(isZero(or(isZeroLong(get('marks')), get('stop'))), [
    ...set('mark', add(get('at'), fromLong(lowestBitLong(get('marks'))))),
    ...set('marks', andLong(get('marks'), subtractLong(get('marks'), long(1n)))),
    ...set('byte', loadByte(get('mark'))),
    ...when(
      equal(get('byte'), int(QUOTE)),
      when(equal(get('mark'), get('start')), set('stop', int(STOP.atQuote))),
      when(atLeast(get('mark'), get('start')), endCell(locals)),
    ),
  ]);
};

const records = wasmFunction('records', recordParameters, 'i32', recordLocals, (locals) => {
  const { get, set } = locals;
  return [
    ...[...set('next', get('at')), ...set('start', get('at'))],
    ...set('count', load(stateAt(STATE.count))),
    ...set('used', load(stateAt(STATE.used))),
    ...set('line', load(stateAt(STATE.line))),
    ...set('cell', get('used')),
    // Engines do not move constants out of loops.
    ...[...set('separators', eachOf(get('separator'))), ...set('feeds', eachOf(int(LF)))],
    ...[...set('returns', eachOf(int(CR))), ...set('quotes', eachOf(int(QUOTE)))],
    ...repeatWhile(and(below(get('at'), get('end')), isZero(get('stop'))), [
      ...findMarks(locals),
      ...useMarks(locals),
      ...when(below(int(MOST_CELLS), subtract(get('cell'), get('used'))), set('stop', int(STOP.tooMany))),
      ...increase(locals, 'at', BLOCK_BYTES),
    ]),
    ...store(stateAt(STATE.count), get('count')),
    ...store(stateAt(STATE.used), get('used')),
    ...store(stateAt(STATE.line), get('line')),
    ...store(stateAt(STATE.stop), get('stop')),
    ...get('next'),
  ];
});

/** Sets `cell`, `start` and `end` by the record and the place of a column. */
const findCell = ({ get, set }: WasmLocals<'record' | 'place' | 'cell' | 'start' | 'end'>) => [
  ...set('cell', add(item(AT.firsts, get('record')), get('place'))),
  ...set('start', item(AT.starts, get('cell'))),
  ...set('end', item(AT.ends, get('cell'))),
];

const noteHard = ({ get, set }: WasmLocals<'record' | 'hard'>) => [
  ...setItem(AT.hard, get('hard'), get('record')),
  ...set('hard', add(get('hard'), int(1))),
];

/** Eight numbers of 16 bits, or four of 32, that repeat these two. */
const pairsOf = (a: number, b: number) => {
  const pair = [a & 255, a >> 8, b & 255, b >> 8];
  return bytes([...pair, ...pair, ...pair, ...pair]);
};

/**
 * The number of each cell that has at most 15 digits, a sign and a decimal mark or not. The digits
 * are moved together, and added by two, by four, by eight. So many are exact in float64, and so is
 * the power of ten: the quotient is the nearest number.
 */
const numbers = wasmFunction(
  'numbers',
  { place: 'i32', count: 'i32', mark: 'i32', low: 'f64', high: 'f64', missing: 'f64' },
  'i32',
  {
    ...{ record: 'i32', cell: 'i32', start: 'i32', end: 'i32', hard: 'i32', empty: 'i32', sign: 'i32' },
    ...{ length: 'i32', others: 'i32', dot: 'i32', digits: 'v128', value: 'f64' },
    ...{ zeros: 'v128', nines: 'v128', lower: 'v128', tens: 'v128', hundreds: 'v128', thousands: 'v128' },
  },
  (locals) => {
    const { get, set } = locals;
    const setResult = (value: WasmCode) => storeFloat(shiftLeft(get('record'), int(3)), value, AT.numbers);
    const hasMark = notEqual(get('others'), int(0));
    const isSimple = [
      // One byte, at most, is no digit, and it is the mark.
      isZero(and(get('others'), subtract(get('others'), int(1)))),
      or(isZero(get('others')), equal(loadByte(add(subtract(get('end'), int(16)), get('dot'))), get('mark'))),
      below(subtract(subtract(get('length'), hasMark), int(1)), int(15)),
      atLeastFloat(get('value'), get('low')),
      atMostFloat(get('value'), get('high')),
    ].reduce(and);
    return [
      ...[...set('zeros', eachOf(int(ZERO))), ...set('nines', eachOf(int(9)))],
      ...[...set('lower', pairsOf(255, 255)), ...set('tens', pairsOf(10, 10))],
      ...[...set('hundreds', pairsOf(100, 1)), ...set('thousands', pairsOf(10_000, 1))],
      ...repeatWhile(below(get('record'), get('count')), [
        ...findCell(locals),
        ...set('sign', loadByte(get('start'))),
        ...set(
          'length',
          subtract(
            subtract(get('end'), get('start')),
            or(equal(get('sign'), int(MINUS)), equal(get('sign'), int(PLUS))),
          ),
        ),
        ...set(
          'digits',
          andBytes(
            xorBytes(loadBytes(subtract(get('end'), int(16))), get('zeros')),
            loadBytes(select(get('length'), int(0), below(get('length'), int(17))), AT.lastBytes),
          ),
        ),
        ...set('others', topBits(largerBytes(get('digits'), get('nines')))),
        ...set('dot', lowestBit(or(get('others'), int(2 ** 16)))),
        ...set('digits', bytesAt(get('digits'), loadBytes(shiftLeft(get('dot'), int(4)), AT.withoutMark))),
        // The first digit of two is the lower byte.
        ...set(
          'digits',
          addShorts(
            multiplyShorts(andBytes(get('digits'), get('lower')), get('tens')),
            shiftRightShorts(get('digits'), int(8)),
          ),
        ),
        ...set('digits', pairSums(get('digits'), get('hundreds'))),
        ...set('digits', pairSums(narrowed(get('digits'), get('digits')), get('thousands'))),
        ...set(
          'value',
          divide(
            toFloat(
              addLong(
                multiplyLong(toLong(laneOf(0)(get('digits'))), long(100_000_000n)),
                toLong(laneOf(1)(get('digits'))),
              ),
            ),
            loadFloat(shiftLeft(get('dot'), int(3)), AT.powers),
          ),
        ),
        ...set('value', select(negative(get('value')), get('value'), equal(get('sign'), int(MINUS)))),
        ...setResult(get('value')),
        ...when(isZero(isSimple), [
          ...setResult(get('missing')),
          ...when(equal(get('start'), get('end')), increase(locals, 'empty'), noteHard(locals)),
        ]),
        ...increase(locals, 'record'),
      ]),
      ...store(stateAt(STATE.empty), get('empty')),
      ...get('hard'),
    ];
  },
);

type KeyLocals = WasmLocals<
  'start' | 'length' | 'column' | 'key' | 'rest' | 'hash' | 'tag' | 'found' | 'tries'
>;
const keyLocals = { key: 'v128', rest: 'v128', hash: 'i64', tag: 'i64', found: 'i32', tries: 'i32' } as const;

/** An odd number without a pattern: the golden ratio, in 64 bits. */
const FACTOR = long(0x9e3779b97f4a7c15n);
const times = (a: WasmCode) => multiplyLong(a, FACTOR);

/**
 * Sets `found` to where a cell of a column is kept: at the place of its hash, or one of the next.
 * If none of these has it, `tries` is PLACES.
 */
const lookUp = ({ get, set }: KeyLocals) => {
  const mask = (by: number) => loadBytes(subtract(int(AT.firstBytes + KEY_BYTES + by), get('length')));
  const isKept = and(
    equalLong(loadLong(get('found'), ENTRY.tag), get('tag')),
    and(
      allBytes(equalBytes(loadBytes(get('found')), get('key'))),
      allBytes(equalBytes(loadBytes(get('found'), 16), get('rest'))),
    ),
  );
  const mixed = [
    longLaneOf(1)(get('key')),
    longLaneOf(0)(get('rest')),
    longLaneOf(1)(get('rest')),
    get('tag'),
  ].reduce((hash, more) => xorLong(times(hash), more), longLaneOf(0)(get('key')));
  return [
    ...set('key', andBytes(loadBytes(get('start')), mask(0))),
    ...set('rest', andBytes(loadBytes(get('start'), 16), mask(16))),
    ...set('tag', orLong(toLong(get('length')), shiftLeftLong(toLong(get('column')), long(32n)))),
    ...set('hash', times(mixed)),
    ...set('hash', times(xorLong(get('hash'), shiftRightLong(get('hash'), long(32n))))),
    ...set(
      'found',
      add(
        int(AT.entries),
        shiftLeft(
          fromLong(shiftRightLong(get('hash'), long(BigInt(64 - Math.log2(ENTRIES))))),
          int(Math.log2(ENTRY.bytes)),
        ),
      ),
    ),
    ...set('tries', int(0)),
    ...repeatWhile(and(below(get('tries'), int(PLACES)), isZero(isKept)), [
      ...set('found', add(get('found'), int(ENTRY.bytes))),
      ...set('tries', add(get('tries'), int(1))),
    ]),
  ];
};

/** The numbers of cells that are kept. */
const codes = wasmFunction(
  'codes',
  { place: 'i32', count: 'i32', column: 'i32', missing: 'i32' },
  'i32',
  {
    ...{ record: 'i32', cell: 'i32', start: 'i32', end: 'i32', hard: 'i32', length: 'i32' },
    ...keyLocals,
  },
  (locals) => {
    const { get, set } = locals;
    const isSimple = and(
      below(get('length'), int(KEY_BYTES + 1)),
      notEqual(loadByte(get('cell'), AT.quoted), int(2)),
    );
    const take = [
      ...lookUp(locals),
      ...when(
        below(get('tries'), int(PLACES)),
        setItem(AT.codes, get('record'), load(get('found'), ENTRY.value)),
        noteHard(locals),
      ),
    ];
    return [
      ...repeatWhile(below(get('record'), get('count')), [
        ...findCell(locals),
        ...set('length', subtract(get('end'), get('start'))),
        ...when(
          isZero(get('length')),
          setItem(AT.codes, get('record'), get('missing')),
          when(isSimple, take, noteHard(locals)),
        ),
        ...increase(locals, 'record'),
      ]),
      ...get('hard'),
    ];
  },
);

const placeOf = wasmFunction(
  'placeOf',
  { start: 'i32', length: 'i32', column: 'i32' },
  'i32',
  keyLocals,
  (locals) => {
    const { get } = locals;
    // Minus the first address.
    const free = subtract(int(PLACES * ENTRY.bytes), get('found'));
    return [...lookUp(locals), ...select(get('found'), free, below(get('tries'), int(PLACES)))];
  },
);

/** It imports its memory as "memory" of "tables". */
export const tableModule = (): Uint8Array<ArrayBuffer> =>
  wasmModule('tables', [records, numbers, codes, placeOf]);
