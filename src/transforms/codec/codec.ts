/**
 * A codec is the form in which weights travel. Of an update it encodes the change of each tensor;
 * of a model, the tensor itself. Sender and receiver both continue with the decoded numbers, so
 * that a rounded number is the same for all.
 *
 * A codec sees one tensor of weights at a time. Statistics, counters and attachments travel as they
 * are. If updates are clipped, it should lengthen a change by a thousandth at most; a change that
 * it lengthens more is scaled down again.
 */
import type { Shape } from '../../tensor/shape.js';

export interface Codec {
  /** The name in settings: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** The tensors of the file that encode a tensor of this shape. A file with others is refused. */
  parts(shape: Shape): readonly Part[];
  /**
   * @param values the tensor's values, finite numbers
   * @param base the values when the round began; zeros for a model
   * @returns the values of the parts, in their order
   */
  encode(values: Float32Array, base: Float32Array): readonly PartValues[];
  /**
   * Decodes the parts. The same parts give the same numbers on every machine.
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

/** The codecs of a run, for updates and for models. */
export interface Codecs {
  readonly update: Codec;
  readonly model: Codec;
}
