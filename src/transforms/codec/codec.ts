/**
 * A codec is the form in which weights travel: of an update, what its owner sends of the change of
 * each tensor; of a model, what the coordinator sends of the tensor itself. Both sides go on with
 * what the codec makes of it, so that a number that is rounded is rounded for everybody.
 *
 * A codec sees one tensor of weights at a time. Statistics, counters and attachments travel as they
 * are. It may lengthen the change of an update by no more than a thousandth where updates are
 * clipped; a change that it lengthens more is scaled down once more.
 */
import type { Shape } from '../../tensor/shape.js';

export interface Codec {
  /** As settings name it: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The tensors of the file that stand for one of this shape. A file with others is refused. */
  parts(shape: Shape): readonly Part[];
  /**
   * @param values of the tensor, finite numbers
   * @param base what they were when the round began; zeros where a model travels
   * @returns the values of the parts, in their order
   */
  encode(values: Float32Array, base: Float32Array): readonly PartValues[];
  /**
   * What the receiver makes of them. The same parts give the same numbers on every machine.
   * @returns as many numbers as `base` has; numbers that are not finite are refused
   */
  decode(parts: readonly PartValues[], base: Float32Array): Float32Array;
}

export interface Part {
  /** Follows the tensor's name: "" for the first, ".scale" for another. */
  readonly suffix: string;
  readonly dtype: keyof typeof partArrays;
  readonly shape: Shape;
}

/** The arrays of a part's values, by its dtype; F16 and BF16 are their bits (`tensor/half.ts`). */
export const partArrays = {
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

export type PartValues =
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

/** What a run sends by which codec. */
export interface Codecs {
  readonly update: Codec;
  readonly model: Codec;
}
