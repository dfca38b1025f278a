/**
 * Instructions of WebAssembly as functions of their operands, so that code reads from the outside
 * in: `add(get('at'), int(16))`.
 * @see https://webassembly.github.io/spec/core/appendix/index-instructions.html
 */
import {
  simdCode,
  unsignedLeb,
  WASM_TYPES,
  type WasmCode,
  type WasmFunction,
  type WasmType,
} from './module.js';

type Code = WasmCode;

const one =
  (...opcode: readonly number[]) =>
  (a: Code): Code => [...a, ...opcode];
const two =
  (...opcode: readonly number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...opcode];

/** From an address, behind the one of a list. */
const loadBy =
  (...opcode: readonly number[]) =>
  (at: Code, list = 0): Code => [...at, ...opcode, ...unsignedLeb(list)];
const storeBy =
  (...opcode: readonly number[]) =>
  (at: Code, value: Code, list = 0): Code => [...at, ...value, ...opcode, ...unsignedLeb(list)];

/** A whole number with its sign, in groups of seven bits, the lowest first. */
function signedLeb(value: bigint): Code {
  const group = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = (rest === 0n && (group & 0x40) === 0) || (rest === -1n && (group & 0x40) !== 0);
  return isLast ? [group] : [group | 0x80, ...signedLeb(rest)];
}

/** Numbers that take 32 bits, if nothing else is said. */
const whole = {
  int: (value: number): Code => [0x41, ...signedLeb(BigInt(value))],
  isZero: one(0x45),
  equal: two(0x46),
  notEqual: two(0x47),
  below: two(0x49),
  atLeast: two(0x4f),
  lowestBit: one(0x68),
  add: two(0x6a),
  subtract: two(0x6b),
  and: two(0x71),
  or: two(0x72),
  shiftLeft: two(0x74),
} as const;

const long = {
  isZeroLong: one(0x50),
  lowestBitLong: one(0x7a),
  subtractLong: two(0x7d),
  andLong: two(0x83),
  long: (value: bigint): Code => [0x42, ...signedLeb(BigInt.asIntN(64, value))],
  equalLong: two(0x51),
  addLong: two(0x7c),
  multiplyLong: two(0x7e),
  orLong: two(0x84),
  xorLong: two(0x85),
  shiftLeftLong: two(0x86),
  shiftRightLong: two(0x88),
  toLong: one(0xad),
  fromLong: one(0xa7),
} as const;

const float = {
  atMostFloat: two(0x65),
  atLeastFloat: two(0x66),
  negative: one(0x9a),
  divide: two(0xa3),
  toFloat: one(0xb9),
} as const;

/** An address is the first operand; it may be counted from that of a list. */
const memory = {
  loadByte: loadBy(0x2d, 0),
  load: loadBy(0x28, 2),
  loadLong: loadBy(0x29, 3),
  loadFloat: loadBy(0x2b, 3),
  loadBytes: loadBy(...simdCode(0x00), 0),
  storeByte: storeBy(0x3a, 0),
  store: storeBy(0x36, 2),
  storeFloat: storeBy(0x39, 3),
} as const;

/** On 16 bytes, or on what they hold: eight numbers of 16 bits, four of 32, two of 64. */
const bytes = {
  /** 16 times this byte. */
  eachOf: one(...simdCode(0x0f)),
  /** 16 bytes as they are. */
  bytes: (values: readonly number[]): Code => simdCode(0x0c, ...values),
  equalBytes: two(...simdCode(0x23)),
  largerBytes: two(...simdCode(0x28)),
  /** Those of the first at the places that the second has; 0 for a place beyond 15. */
  bytesAt: two(...simdCode(0x0e)),
  andBytes: two(...simdCode(0x4e)),
  orBytes: two(...simdCode(0x50)),
  xorBytes: two(...simdCode(0x51)),
  /** Whether none is 0. */
  allBytes: one(...simdCode(0x63)),
  /** The top bit of each. */
  topBits: one(...simdCode(0x64)),
  shiftRightShorts: two(...simdCode(0x8d)),
  addShorts: two(...simdCode(0x8e)),
  multiplyShorts: two(...simdCode(0x95)),
  /** Four numbers of 32 bits, twice, as eight of 16. */
  narrowed: two(...simdCode(0x86)),
  /** a₀·b₀ + a₁·b₁, …, of eight numbers of 16 bits, as four of 32. */
  pairSums: two(...simdCode(0xba)),
  laneOf: (lane: number) => one(...simdCode(0x1b, lane)),
  longLaneOf: (lane: number) => one(...simdCode(0x1d, lane)),
} as const;

const EMPTY = 0x40;
const [BLOCK, LOOP, IF, ELSE, END, BRANCH, BRANCH_IF] = [0x02, 0x03, 0x04, 0x05, 0x0b, 0x0c, 0x0d];

const control = {
  /** The first if the condition is not 0, otherwise the second. */
  select: (a: Code, b: Code, condition: Code): Code => [...a, ...b, ...condition, 0x1b],
  when: (condition: Code, then: Code, otherwise: Code = []): Code => [
    ...[...condition, IF, EMPTY, ...then],
    ...(otherwise.length > 0 ? [ELSE, ...otherwise] : []),
    END,
  ],
  repeatWhile: (condition: Code, body: Code): Code => [
    ...[BLOCK, EMPTY, LOOP, EMPTY, ...condition, 0x45, BRANCH_IF, 1],
    ...[...body, BRANCH, 0, END, END],
  ],
} as const;

export const instructions = {
  ...{ ...whole, ...long, ...float },
  ...{ ...memory, ...bytes, ...control },
} as const;

/** Reading and writing the parameters and locals of a function. */
export interface WasmLocals<Name extends string> {
  get(name: Name): Code;
  set(name: Name, value: Code): Code;
}

/** @param result undefined if it gives none */
export function wasmFunction<Parameter extends string, Local extends string>(
  name: string,
  parameters: Readonly<Record<Parameter, WasmType>>,
  result: WasmType | undefined,
  locals: Readonly<Record<Local, WasmType>>,
  code: (locals: WasmLocals<Parameter | Local>) => Code,
): WasmFunction {
  const names: readonly string[] = [...Object.keys(parameters), ...Object.keys(locals)];
  const numbers = (types: Readonly<Record<string, WasmType>>) =>
    Object.values(types).map((type) => WASM_TYPES[type]);
  return {
    ...{ name, parameters: numbers(parameters), locals: numbers(locals).map((type) => [1, type]) },
    results: result === undefined ? [] : [WASM_TYPES[result]],
    code: code({
      get: (local) => [0x20, names.indexOf(local)],
      set: (local, value) => [...value, 0x21, names.indexOf(local)],
    }),
  };
}
