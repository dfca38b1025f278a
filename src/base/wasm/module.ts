/**
 * Builds small modules of WebAssembly: functions whose code is given, which work in a memory that
 * is imported.
 * @see https://webassembly.github.io/spec/core/binary/modules.html
 */

/** Instructions as bytes. */
export type WasmCode = readonly number[];

export const WASM_TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const;
export type WasmType = keyof typeof WASM_TYPES;

export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly number[];
  readonly results: readonly number[];
  /** [count, type], numbered after the parameters. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly code: WasmCode;
}

/** A whole number without a sign, in groups of seven bits, the lowest first. */
export function unsignedLeb(value: number): WasmCode {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)];
}

/** An instruction of the fixed-width SIMD. */
export const simdCode = (opcode: number, ...immediates: number[]): WasmCode => [
  0xfd,
  ...unsignedLeb(opcode),
  ...immediates,
];

const END = 0x0b;
const text = (value: string): WasmCode => [...unsignedLeb(value.length), ...new TextEncoder().encode(value)];
const vector = (items: readonly WasmCode[]): WasmCode => [...unsignedLeb(items.length), ...items.flat()];
const section = (id: number, content: WasmCode): WasmCode => [id, ...unsignedLeb(content.length), ...content];

/**
 * The bytes of a module that exports these functions, by their names. A function calls another one
 * by its place in the list.
 * @param room it imports its memory as "memory" of this name
 */
export function wasmModule(room: string, functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, results }) => [
    0x60,
    ...vector(parameters.map((type) => [type])),
    ...vector(results.map((type) => [type])),
  ]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...vector(locals.map(([count, type]) => [count, type])), ...code, END];
    return [...unsignedLeb(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text(room), ...text('memory'), 2, 0, 1]])),
    ...section(3, vector(functions.map((_, index) => [index]))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0, index]))),
    ...section(10, vector(bodies)),
  ]);
}
