/**
 * The operations of graphs and their attributes, in one interface. `OpName` is its keys. The tables
 * of shapes, reference values, gradients and lowerings have one rule for each name, so a missing
 * rule is a compile error.
 *
 * Image activations are NCHW and convolution weights OIHW, as in PyTorch. Masks are f32 with the
 * values 0 and 1.
 */
import type { Shape } from '../../tensor/shape.js';

/** The type of a value's elements: counts and labels are i32, pixels are u8, all others f32. */
export type ValueType = 'f32' | 'i32' | 'u8';

/** Sizes along height and width. */
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

/** How the taps of a window lie in an image. */
export interface TapAttributes extends WindowAttributes {
  /** The distance from a tap to the next; 1 by default. */
  readonly dilations?: Pair;
}

export interface ConvolutionAttributes extends TapAttributes {
  readonly dilations: Pair;
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
  /** A value that the caller passes at each run. */
  input: { readonly name: string; readonly shape: Shape; readonly dtype: ValueType };
  /** A value that is part of the graph, row-major. */
  constant: { readonly shape: Shape; readonly values: readonly number[] };

  // Elementwise, one operand
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
  /** x^exponent; NaN for a negative x unless the exponent is a whole number. */
  pow: { readonly exponent: number };
  cast: { readonly dtype: ValueType };

  // Elementwise, two operands or more that broadcast as in NumPy
  add: None;
  sub: None;
  mul: None;
  div: None;
  /** 1 where a > b, else 0. */
  greater: None;
  /** 1 where a = b, else 0. */
  equal: None;
  /** (mask, a, b) → a where the mask is 1, b where it is 0. What is not chosen may be infinite. */
  where: None;

  // Contractions
  /** a·b over the last two axes; leading axes broadcast; each operand may be read transposed. */
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  /** (x [N,C,H,W], w [O,C/groups,kh,kw], optional bias [O]) → [N,O,H',W']. */
  conv2d: ConvolutionAttributes;
  /** (w, dy) → the gradient of conv2d with respect to x. It is also a transposed convolution. */
  conv2dInputGradient: ConvolutionAttributes & { readonly inputShape: Shape };
  /** (x, dy) → the gradient of conv2d with respect to w. */
  conv2dWeightGradient: ConvolutionAttributes & { readonly weightShape: Shape };

  // Pooling. Padding never wins a maximum and never counts in an average.
  maxPool2d: PoolingAttributes;
  /** (x, y, dy) → the gradient with respect to x; tied maxima share it equally. */
  maxPool2dGradient: PoolingAttributes;
  averagePool2d: PoolingAttributes;
  /** (dy) → the gradient with respect to x. */
  averagePool2dGradient: PoolingAttributes & { readonly inputShape: Shape };

  // Group norm of x [N,C,H,W]: each group is some channels with all their pixels
  /** (x, scale [C], shift [C]) → (x − mean)/√(variance + epsilon)·scale + shift. */
  groupNorm: GroupNormAttributes;
  /** (x, scale, dy) → the gradient with respect to x. */
  groupNormInputGradient: GroupNormAttributes;
  /** (x, dy) → the gradient with respect to scale. */
  groupNormScaleGradient: GroupNormAttributes;

  /**
   * (x [N,C,H,W], mean [C], inverse [C], scale [C], shift [C], shares [N]) →
   * (x − mean)·inverse·scale + shift. The gradient takes the mean for Σ shares·x, over pixels too,
   * and the inverse for one over the deviation by the same shares, so none flows into them. With
   * shares of 0, both are given numbers.
   */
  batchNorm: None;

  // Reductions
  reduceSum: { readonly axes: readonly number[]; readonly keepDims: boolean };
  /** Tied maxima share its gradient equally. */
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
  /** The elements [start, end) of each axis. */
  slice: { readonly starts: readonly number[]; readonly ends: readonly number[] };
  /** Adds zeros before and after each axis. */
  pad: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** (x, indices i32) → the slices of one axis that the indices choose. */
  gather: { readonly axis: number };
  /**
   * (indices i32, dy) → the gradient of gather: each slice of dy is added where it was taken from.
   */
  gatherGradient: { readonly axis: number; readonly size: number };
  /**
   * (labels i32 [...]) → f32 [..., depth]. A label outside 0 … depth − 1 gives a row of zeros.
   */
  oneHot: { readonly depth: number };

  /**
   * (keys i32 [] …) → uniform numbers in [0, 1). They depend only on the keys, stream and position.
   */
  randomUniform: { readonly shape: Shape; readonly stream: number };

  /**
   * (operands …) → the sum of the vectors that `body` gives for `parts` equal parts, taken one
   * after the other. The first `sliced` operands are cut along their first axis; the others are
   * passed whole. `inputs` are the names of the operands in the body.
   */
  sumOverParts: {
    readonly body: Body;
    readonly inputs: readonly string[];
    readonly sliced: number;
    readonly parts: number;
  };
}

/** A graph inside an operation. `bodyResult` in value.ts returns its result. */
export interface Body {
  readonly result: unknown;
}

export type OpName = keyof OpAttributes;
