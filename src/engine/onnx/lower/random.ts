/**
 * Random numbers inside the graph: lowbias32 over (position, keys, stream), as in
 * engine/graph/random-bits.ts. Runtimes multiply 64-bit integers but not 32-bit unsigned ones. So
 * products are taken of values below 2³² with the multiplier as a signed 32-bit number (below 2⁶³
 * in size, never overflowing) and cut to 32 bits. Shifts need unsigned operands.
 */

import { sizeOf } from '../../../tensor/shape.js';
import { HASH_MULTIPLIERS } from '../../graph/random-bits.js';
import type { Value, ValueOf } from '../../graph/value.js';
import { ONNX_TYPES } from '../model-builder.js';
import type { Lowering } from './lowering.js';

export function lowerRandomUniform(lowering: Lowering, y: ValueOf<'randomUniform'>): string {
  const { model } = lowering;
  const int64 = (x: string) => model.node('Cast', [x], { to: ONNX_TYPES.i64 });
  const scalar = (value: number) => model.int64s([value], []);
  const low32 = (x: string) => model.node('BitwiseAnd', [x, scalar(0xffffffff)]);
  const xor = (a: string, b: string) => model.node('BitwiseXor', [a, b]);
  const shiftRight = (x: string, bits: number) => {
    const unsigned = model.node('Cast', [x], { to: ONNX_TYPES.u64 });
    return int64(model.node('BitShift', [unsigned, model.uint64(bits)], { direction: 'RIGHT' }));
  };
  const multiply = (x: string, factor: number) => low32(model.node('Mul', [x, scalar(factor | 0)]));
  const mix = (x: string) => {
    let h = xor(x, shiftRight(x, 16));
    h = multiply(h, HASH_MULTIPLIERS[0]);
    h = xor(h, shiftRight(h, 15));
    h = multiply(h, HASH_MULTIPLIERS[1]);
    return xor(h, shiftRight(h, 16));
  };
  const absorb = (key: string, part: string) => mix(xor(key, part));
  const parts = [
    ...lowering.plainOperands(y as Value).map((part) => low32(int64(part))),
    scalar(y.attributes.stream),
  ];
  const key = parts.reduce(absorb, scalar(0));
  const positions = model.node('Range', [scalar(0), scalar(sizeOf(y.shape)), scalar(1)]);
  const bits = shiftRight(absorb(mix(positions), key), 8);
  const uniform = model.node('Mul', [
    model.node('Cast', [bits], { to: ONNX_TYPES.f32 }),
    model.float(2 ** -24),
  ]);
  return lowering.reshape(uniform, y.shape);
}
