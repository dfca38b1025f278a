/**
 * Half precision: each change as a float16, half the bytes. It is rounded to nearest, ties to even:
 * to 11 significant bits, or to a multiple of 2⁻²⁴ where it is below 2⁻¹⁴. A change beyond ±65504
 * becomes ±65504. A model is its change from zero.
 *
 * Rounding the change, and not the weight, keeps small steps of large weights (Konečný et al. 2016,
 * structured and sketched updates, https://arxiv.org/abs/1610.05492, compress updates for the same
 * reason).
 */
import { f16ToF32, f32ToF16 } from '../../tensor/half.js';
import type { Codec } from './codec.js';

/** The largest finite float16. */
const LARGEST = 65504;

export const half: Codec = {
  name: 'half',
  parts: (shape) => [{ suffix: '', dtype: 'F16', shape }],
  encode(values, base) {
    const changes = values.map((value, i) =>
      Math.min(LARGEST, Math.max(-LARGEST, value - (base[i] as number))),
    );
    const bits = new Uint16Array(values.length);
    f32ToF16(changes, bits);
    return [bits];
  },
  decode([bits], base) {
    const values = new Float32Array(base.length);
    f16ToF32(bits as Uint16Array, values);
    for (let i = 0; i < values.length; i++) values[i] = (base[i] as number) + (values[i] as number);
    return values;
  },
};
