/**
 * Initializers of weights. A fan is the number of inputs or outputs of one unit: for OIHW weights
 * I·kh·kw and O·kh·kw.
 */
import type { RandomStream } from '../../../base/random.js';
import { type Shape, sizeOf } from '../../../tensor/shape.js';

/** Fills a tensor of this shape. */
export type Initializer = (out: Float32Array, shape: Shape, stream: RandomStream) => void;

export function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const receptive = sizeOf(shape.slice(2));
  return { fanIn: (shape[1] ?? 1) * receptive, fanOut: (shape[0] ?? 1) * receptive };
}

export const constantInit =
  (value: number): Initializer =>
  (out) =>
    void out.fill(value);
export const zeros = constantInit(0);
export const ones = constantInit(1);

/** Uniform in [low, high). */
export const uniform =
  (low: number, high: number): Initializer =>
  (out, _, stream) => {
    for (let i = 0; i < out.length; i++) out[i] = low + (high - low) * stream.uniform();
  };

/** Normal with this mean and standard deviation. */
export const normal =
  (mean: number, standardDeviation: number): Initializer =>
  (out, _, stream) => {
    for (let i = 0; i < out.length; i++) out[i] = mean + standardDeviation * stream.normal();
  };

/**
 * Variance 2/fan-in, for layers followed by relu (He et al. 2015,
 * https://arxiv.org/abs/1502.01852).
 */
export const heNormal: Initializer = (out, shape, stream) =>
  normal(0, Math.sqrt(2 / fans(shape).fanIn))(out, shape, stream);
export const heUniform: Initializer = (out, shape, stream) => {
  const bound = Math.sqrt(6 / fans(shape).fanIn);
  uniform(-bound, bound)(out, shape, stream);
};

/** Variance 2/(fan-in + fan-out) (Glorot and Bengio 2010). */
export const glorotUniform: Initializer = (out, shape, stream) => {
  const { fanIn, fanOut } = fans(shape);
  const bound = Math.sqrt(6 / (fanIn + fanOut));
  uniform(-bound, bound)(out, shape, stream);
};
export const glorotNormal: Initializer = (out, shape, stream) => {
  const { fanIn, fanOut } = fans(shape);
  normal(0, Math.sqrt(2 / (fanIn + fanOut)))(out, shape, stream);
};

/**
 * Uniform within ±1/√fan-in: PyTorch's default for convolutions and dense layers, and for their
 * biases.
 */
export const fanInUniform =
  (fanIn: number): Initializer =>
  (out, shape, stream) => {
    const bound = 1 / Math.sqrt(fanIn);
    uniform(-bound, bound)(out, shape, stream);
  };
