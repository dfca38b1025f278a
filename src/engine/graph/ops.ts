/**
 * The vocabulary of computations: every operation and its attributes, in one interface. `OpName` is
 * its keys; the tables of shapes, reference values, gradients and lowerings are exhaustive over it,
 * so that a missing rule is a compile error.
 *
 * Activations of images are NCHW, weights of convolutions OIHW, as in PyTorch. Masks are f32 with
 * the values 0 and 1.
 */
import type { Shape } from '../../tensor/shape.js';

/** What a value's elements are. Counts and labels are i32, pixels u8, everything else f32. */
export type ValueType = 'f32' | 'i32' | 'u8';

/** Extents along height and width. */
export type Pair = readonly [height: number, width: number];

/** Rows and columns added around an image. */
export interface Padding {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** How a window moves over an image. */
export interface WindowAttributes {
  readonly strides: Pair;
  readonly padding: Padding;
}

export interface ConvolutionAttributes extends WindowAttributes {
  readonly groups: number;
}

export interface PoolingAttributes extends WindowAttributes {
  readonly kernel: Pair;
}

export interface GroupNormAttributes {
  readonly groups: number;
  readonly epsilon: number;
}

type None = Readonly<Record<never, never>>;

export interface OpAttributes {
  /** A value that is fed at every run. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: ValueType };
  /** A value that is part of the graph; row-major. */
  constant: { readonly shape: Shape; readonly values: readonly number[] };

  // Elementwise, of one operand
  neg: None;
  exp: None;
  log: None;
  sqrt: None;
  erf: None;
  tanh: None;
  sigmoid: None;
  /** max(x, 0), with derivative 0 at 0. */
  relu: None;
  leakyRelu: { readonly alpha: number };
  cast: { readonly dtype: ValueType };

  // Elementwise, of two operands that broadcast as in NumPy
  add: None;
  sub: None;
  mul: None;
  div: None;
  /** 1 where a > b, else 0. */
  greater: None;
  /** 1 where a = b, else 0. */
  equal: None;

  // Contractions
  /** a·b over the last two axes, leading axes broadcast; an operand may be read transposed. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (x [N,C,H,W], w [O,C/groups,kh,kw], optional bias [O]) → [N,O,H',W']. */
  conv2d: ConvolutionAttributes;
  /** (w, dy) → gradient of conv2d for x. */
  conv2dInputGradient: ConvolutionAttributes & { readonly inputShape: Shape };
  /** (x, dy) → gradient of conv2d for w. */
  conv2dWeightGradient: ConvolutionAttributes & { readonly weightShape: Shape };

  // Pooling; padding never wins a maximum and never counts in an average
  maxPool2d: PoolingAttributes;
  /** (x, y, dy) → gradient for x; tied maxima share it equally. */
  maxPool2dGradient: PoolingAttributes;
  averagePool2d: PoolingAttributes;
  /** (dy) → gradient for x. */
  averagePool2dGradient: PoolingAttributes & { readonly inputShape: Shape };

  // Group norm of x [N,C,H,W] over groups of C/groups channels and all their pixels
  /** (x, scale [C], shift [C]) → (x − mean)/√(variance + epsilon)·scale + shift. */
  groupNorm: GroupNormAttributes;
  /** (x, scale, dy) → gradient for x. */
  groupNormInputGradient: GroupNormAttributes;
  /** (x, dy) → gradient for scale. */
  groupNormScaleGradient: GroupNormAttributes;

  // Reductions
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  /** Its gradient is shared equally by tied maxima. */
  reduceMax: { readonly axes: readonly number[]; readonly keepDims: boolean };
  /** The first position of the largest element, i32. */
  argMax: { readonly axis: number };
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };

  // Moving elements
  reshape: { readonly shape: Shape };
  expand: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  concat: { readonly axis: number };
  /** Elements [start, end) of every axis. */
  slice: { readonly starts: readonly number[]; readonly ends: readonly number[] };
  /** Zeros before and after every axis. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** (x, indices i32) → the chosen slices of one axis. */
  gather: { readonly axis: number };
  /** (indices i32, dy) → gradient of gather: every slice of dy added where it was taken from. */
  gatherGradient: { readonly axis: number; readonly size: number };
  /**
   * (labels i32 [...]) → f32 [..., classes]; a label outside 0 … classes − 1 gives a row of zeros.
   */
  oneHot: { readonly classes: number };

  /**
   * (key i32 [] …) → uniform numbers in [0, 1), a function of the keys, stream and position alone.
   */
  randomUniform: { readonly shape: Shape; readonly stream: number };

  /**
   * (operands …) → Σ of what `body` gives for each of `parts` equal parts, taken one after the
   * other: a vector. Of the operands, the first `sliced` are cut along their first axis, the others
   * are whole. `inputs` are the body's names for them.
   */
  sumOverParts: {
    readonly body: Body;
    readonly inputs: readonly string[];
    readonly sliced: number;
    readonly parts: number;
  };
}

/** A graph inside of an operation; `bodyResult` in value.ts gives what it holds. */
export interface Body {
  readonly result: unknown;
}

export type OpName = keyof OpAttributes;
