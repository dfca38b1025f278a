/** Plain: every weight as it is, a 32-bit number. Nothing is lost, and the base is not needed. */
import type { Codec } from './codec.js';

export const plain: Codec = {
  name: 'plain',
  parts: (shape) => [{ suffix: '', dtype: 'F32', shape }],
  encode: (values) => [values],
  decode: ([values]) => values as Float32Array,
};
