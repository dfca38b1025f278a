/** Counters are whole numbers: float32 in a state, I64 in a file. */
import { TensorError } from '../base/error.js';

/** @throws TensorError when one is no whole number. */
export function countersToI64(values: Float32Array, name: string): BigInt64Array<ArrayBuffer> {
  const bad = values.find((value) => !Number.isInteger(value));
  if (bad === undefined) return BigInt64Array.from(values, (value) => BigInt(value));
  throw new TensorError(`safetensors: the counter "${name}" is ${bad}, expected a whole number`);
}

/** Up to here every whole number is a float32. */
const LARGEST_COUNTER = 2n ** 24n;

/** @throws TensorError when float32 does not hold one. */
export function countersFromI64(
  values: BigInt64Array,
  name: string,
  fileName: string,
): Float32Array<ArrayBuffer> {
  const bad = values.find((value) => value > LARGEST_COUNTER || value < -LARGEST_COUNTER);
  if (bad === undefined) return Float32Array.from(values, Number);
  throw new TensorError(`${fileName}: "${name}" is ${bad}, expected at most ${LARGEST_COUNTER}`);
}
