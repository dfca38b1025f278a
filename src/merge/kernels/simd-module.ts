/**
 * The bytes of a small WebAssembly module with the inner loops of merging: it handles four numbers
 * at a time, JavaScript one. `simd.ts` decides when these loops run. Each operation follows IEEE
 * 754 in the order of the strategies, so results are the same to the bit.
 *
 *     finite(values, n) → 1 if all are finite
 *     max(columns, k, n, out), absmax(columns, k, n, out)
 *     weightedSum(columns, weights, k, n, divisor, out)   out = (Σ wₖ·xₖ)/divisor in float64, rounded once
 *     productSums(x, y, n, out)       out = Σ xᵢ·yᵢ in float64 over i ≡ 0, 1, 2, 3 (mod 4)
 *     squareSums(x, y, n, out)        out = Σ (xᵢ − yᵢ)², likewise
 *     productSumsF64(x, y, n, out)    productSums of float64 values
 *     subtract(x, y, n)               x = x − y, of float64 values
 *     exchange(x, y, n)               (x, y) = (min, max), of float64 values
 *     exchangeWith(x, y, n, more)     likewise; what lies `more` bytes behind each goes with it
 *
 * `columns` is a table of k addresses; n is a multiple of 4, in the last three of 2. Opcodes are
 * those of the WebAssembly specification, with its fixed-width SIMD.
 */

import {
  type WasmCode as Code,
  simdCode as simd,
  WASM_TYPES,
  type WasmFunction,
  wasmModule,
} from '../../base/wasm/module.js';

const { i32: I32, f64: F64, v128: V128 } = WASM_TYPES;
const EMPTY = 0x40;

const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];
const int = (value: number): Code => [0x41, value];
const ADD: Code = [0x6a];
const SHIFT_LEFT: Code = [0x74];
const AT_LEAST: Code = [0x4f];
const END: Code = [0x0b];
const LOAD_I32: Code = [0x28, 2, 0];
const LOAD_F64: Code = [0x2b, 3, 0];

const LOAD = simd(0x00, 2, 0);
const STORE = simd(0x0b, 2, 0);
const ZEROS = simd(0x0c, ...new Array<number>(16).fill(0));
const SPLAT_F64 = simd(0x14);
const NOT_EQUAL = simd(0x42);
const NOT = simd(0x4d);
const OR = simd(0x50);
const XOR = simd(0x51);
const ANY_TRUE = simd(0x53);
const SELECT = simd(0x52);
const LARGER_F64 = simd(0x4a);
const MIN_F64 = simd(0xf6);
const MAX_F64 = simd(0xf7);
const SHIFT_UP = simd(0xab);
const SHIFT_SIGNED = simd(0xac);
const SHIFT_UNSIGNED = simd(0xad);
const LARGER_SIGNED = simd(0xb8);
const LARGER_UNSIGNED = simd(0xb9);
const ADD_F32 = simd(0xe4);
const MUL_F32 = simd(0xe6);
const ADD_F64 = simd(0xf0);
const SUB_F64 = simd(0xf1);
const MUL_F64 = simd(0xf2);
const DIV_F64 = simd(0xf3);
const TO_F32 = simd(0x5e);
const TO_F64 = simd(0x5f);
const bytesFrom = (first: number) => Array.from({ length: 8 }, (_, i) => first + i);
/** The upper half of x, of (x, x). */
const UPPER = simd(0x0d, ...bytesFrom(8), ...bytesFrom(8));
/** The lower halves of (a, b). */
const LOWER_HALVES = simd(0x0d, ...bytesFrom(0), ...bytesFrom(16));

/** `for (at = 0 or start; at < end; at += step) body`, over locals. */
const loop = (at: number, end: number, step: number, body: Code): Code => [
  ...[0x02, EMPTY, 0x03, EMPTY],
  ...get(at),
  ...get(end),
  ...AT_LEAST,
  ...[0x0d, 1],
  ...body,
  ...get(at),
  ...int(step),
  ...ADD,
  ...set(at),
  ...[0x0c, 0],
  ...END,
  ...END,
];
const times = (local: number, shift: number): Code => [...get(local), ...int(shift), ...SHIFT_LEFT];

const finite: WasmFunction = {
  name: 'finite',
  parameters: [I32, I32],
  results: [I32],
  locals: [
    [2, I32],
    [1, V128],
  ],
  // A finite number times 0 is ±0; any other is NaN.
  code: [
    ...times(1, 2),
    ...set(3),
    ...loop(2, 3, 16, [
      ...get(4),
      ...[...get(0), ...get(2), ...ADD, ...LOAD, ...ZEROS, ...MUL_F32],
      ...ADD_F32,
      ...set(4),
    ]),
    ...[...get(4), ...ZEROS, ...NOT_EQUAL, ...ANY_TRUE, 0x45],
  ],
};

/**
 * The largest value in each place by a key: a whole number for each float, larger if the float is
 * preferred. Comparing keys takes one instruction; comparing floats takes eight, because of NaN and
 * zeros.
 * @param key from local 9 to its key
 * @param value from the key in local 8 to its float
 */
const largest = (name: string, key: Code, larger: Code, value: Code): WasmFunction => ({
  name,
  parameters: [I32, I32, I32, I32],
  results: [],
  locals: [
    [4, I32],
    [2, V128],
  ],
  code: [
    ...[...times(2, 2), ...set(5), ...times(1, 2), ...set(7)],
    ...loop(4, 5, 16, [
      ...[...get(0), ...LOAD_I32, ...get(4), ...ADD, ...LOAD, ...set(9), ...key, ...set(8)],
      ...[...int(4), ...set(6)],
      ...loop(6, 7, 4, [
        ...[...get(0), ...get(6), ...ADD, ...LOAD_I32, ...get(4), ...ADD, ...LOAD, ...set(9)],
        ...[...get(8), ...key, ...larger, ...set(8)],
      ]),
      ...[...get(3), ...get(4), ...ADD, ...value, ...STORE],
    ]),
  ],
});

/**
 * The bits of a float order it by sign and magnitude; those of negative floats are inverted. −0
 * comes before +0.
 */
const ordered = (local: number): Code => [
  ...[...get(local), ...get(local), ...int(31), ...SHIFT_SIGNED, ...int(1), ...SHIFT_UNSIGNED],
  ...XOR,
];
const max = largest('max', ordered(9), LARGER_SIGNED, ordered(8));

/**
 * The magnitude in the upper bits, and in the lowest whether it is positive. NaN has the largest
 * magnitudes, so it is not lost.
 */
const absmax = largest(
  'absmax',
  [...[...get(9), ...int(1), ...SHIFT_UP], ...[...get(9), ...NOT, ...int(31), ...SHIFT_UNSIGNED], ...OR],
  LARGER_UNSIGNED,
  [...[...get(8), ...int(1), ...SHIFT_UNSIGNED], ...[...get(8), ...NOT, ...int(31), ...SHIFT_UP], ...OR],
);

const weightedSum: WasmFunction = {
  name: 'weightedSum',
  parameters: [I32, I32, I32, I32, F64, I32],
  results: [],
  locals: [
    [4, I32],
    [5, V128],
  ],
  code: [
    ...[...times(3, 2), ...set(7), ...times(2, 2), ...set(9), ...get(4), ...SPLAT_F64, ...set(14)],
    ...loop(6, 7, 16, [
      ...column(0, [...set(11)], [...set(12)]),
      ...[...int(4), ...set(8)],
      ...loop(8, 9, 4, column(8, [...get(11), ...ADD_F64, ...set(11)], [...get(12), ...ADD_F64, ...set(12)])),
      ...[...get(5), ...get(6), ...ADD],
      ...[...get(11), ...get(14), ...DIV_F64, ...TO_F32],
      ...[...get(12), ...get(14), ...DIV_F64, ...TO_F32],
      ...LOWER_HALVES,
      ...STORE,
    ]),
  ],
};

/**
 * wₖ·xₖ of one column, in two halves of float64. `place` is the local that holds 4·k, or 0 for the
 * first column.
 */
function column(place: number, low: Code, high: Code): Code {
  const offset = place === 0 ? int(0) : get(place);
  const weight = place === 0 ? get(1) : [...get(1), ...times(place, 1), ...ADD];
  return [
    ...[...get(0), ...offset, ...ADD, ...LOAD_I32, ...get(6), ...ADD, ...LOAD, ...set(10)],
    ...[...weight, ...LOAD_F64, ...SPLAT_F64, ...set(13)],
    ...[...get(10), ...TO_F64, ...get(13), ...MUL_F64, ...low],
    ...[...upper(10), ...TO_F64, ...get(13), ...MUL_F64, ...high],
  ];
}

/**
 * A sum over pairs of values. `term` computes what is added from the two values in locals 10 and
 * 11, as float64.
 */
const pairSums = (name: string, term: Code): WasmFunction => ({
  name,
  parameters: [I32, I32, I32, I32],
  results: [],
  locals: [
    [2, I32],
    [6, V128],
  ],
  code: [
    ...[...times(2, 2), ...set(5)],
    ...loop(4, 5, 16, [
      ...[...get(0), ...get(4), ...ADD, ...LOAD, ...set(8)],
      ...[...get(1), ...get(4), ...ADD, ...LOAD, ...set(9)],
      ...[...get(8), ...TO_F64, ...set(10), ...get(9), ...TO_F64, ...set(11)],
      ...[...get(6), ...term, ...ADD_F64, ...set(6)],
      ...[...upper(8), ...TO_F64, ...set(10), ...upper(9), ...TO_F64, ...set(11)],
      ...[...get(7), ...term, ...ADD_F64, ...set(7)],
    ]),
    ...[...get(3), ...get(6), ...STORE],
    ...[...get(3), ...int(16), ...ADD, ...get(7), ...STORE],
  ],
});
const product: Code = [...get(10), ...get(11), ...MUL_F64];
const productSums = pairSums('productSums', product);

/** Two float64 values of each column, `offset` bytes after the place. */
const twoOf = (offset: number): Code => [
  ...[...get(0), ...get(4), ...ADD, ...simd(0x00, 3, offset), ...set(10)],
  ...[...get(1), ...get(4), ...ADD, ...simd(0x00, 3, offset), ...set(11)],
];
const productSumsF64: WasmFunction = {
  ...productSums,
  name: 'productSumsF64',
  code: [
    ...[...times(2, 3), ...set(5)],
    ...loop(4, 5, 32, [
      ...[...twoOf(0), ...get(6), ...product, ...ADD_F64, ...set(6)],
      ...[...twoOf(16), ...get(7), ...product, ...ADD_F64, ...set(7)],
    ]),
    ...[...get(3), ...get(6), ...STORE],
    ...[...get(3), ...int(16), ...ADD, ...get(7), ...STORE],
  ],
};

const difference: Code = [...get(10), ...get(11), ...SUB_F64];
const squareSums = pairSums('squareSums', [...difference, ...set(10), ...get(10), ...get(10), ...MUL_F64]);

const xAt: Code = [...get(0), ...get(4), ...ADD];
const yAt: Code = [...get(1), ...get(4), ...ADD];
const exchange: WasmFunction = {
  name: 'exchange',
  parameters: [I32, I32, I32, I32],
  results: [],
  locals: [
    [2, I32],
    [5, V128],
  ],
  code: [
    ...[...times(2, 3), ...set(5)],
    ...loop(4, 5, 16, [
      ...[...xAt, ...LOAD, ...set(6), ...yAt, ...LOAD, ...set(7)],
      ...[...xAt, ...get(6), ...get(7), ...MIN_F64, ...STORE],
      ...[...yAt, ...get(6), ...get(7), ...MAX_F64, ...STORE],
    ]),
  ],
};

const subtract: WasmFunction = {
  ...exchange,
  name: 'subtract',
  code: [
    ...[...times(2, 3), ...set(5)],
    ...loop(4, 5, 16, [...xAt, ...xAt, ...LOAD, ...yAt, ...LOAD, ...SUB_F64, ...STORE]),
  ],
};

/** Locals 6 and 7 to their places, the other way round where local 8 says so. */
const inOrder = (x: Code, y: Code): Code => [
  ...[...x, ...get(7), ...get(6), ...get(8), ...SELECT, ...STORE],
  ...[...y, ...get(6), ...get(7), ...get(8), ...SELECT, ...STORE],
];
const exchangeWith: WasmFunction = {
  ...exchange,
  name: 'exchangeWith',
  code: [
    ...[...times(2, 3), ...set(5)],
    ...loop(4, 5, 16, [
      ...[...xAt, ...LOAD, ...set(6), ...yAt, ...LOAD, ...set(7)],
      ...[...get(6), ...get(7), ...LARGER_F64, ...set(8)],
      ...inOrder(xAt, yAt),
      ...[...behind(xAt), ...LOAD, ...set(6), ...behind(yAt), ...LOAD, ...set(7)],
      ...inOrder(behind(xAt), behind(yAt)),
    ]),
  ],
};

function behind(address: Code): Code {
  return [...address, ...get(3), ...ADD];
}

/** The upper half of a local. */
function upper(local: number): Code {
  return [...get(local), ...get(local), ...UPPER];
}

/** The module. It imports its memory as "memory" of "merge". */
export const simdModule = (): Uint8Array<ArrayBuffer> =>
  wasmModule('merge', [
    ...[finite, max, absmax, weightedSum],
    ...[productSums, squareSums, productSumsF64],
    ...[subtract, exchange, exchangeWith],
  ]);
