/** How the reference evaluator computes each operation. */
import { type Shape, sizeOf, stridesOf } from '../../tensor/shape.js';
import { erf } from './erf.js';
import { groupNormInputGradient, normalized } from './evaluate-group-norm.js';
import type { Operand } from './evaluate-operand.js';
import {
  averagePool,
  averagePoolGradient,
  convolution,
  convolutionInputGradient,
  convolutionWeightGradient,
  maxPool,
  maxPoolGradient,
} from './evaluate-windows.js';
import type { OpName } from './ops.js';
import { randomKey, uniformAt } from './random-bits.js';
import { bodyResult, type Value, type ValueOf } from './value.js';

type Rule<Op extends OpName> = (
  value: ValueOf<Op>,
  operands: readonly [Operand, Operand, Operand, ...Operand[]],
  evaluateBody: (result: Value, inputs: Readonly<Record<string, Float64Array>>) => Float64Array,
) => Float64Array;

/** The element of an operand for a position in the result. */
type Reader = (position: number) => number;

const unary =
  (f: (x: number) => number) =>
  (_: unknown, [x]: readonly [Operand, ...Operand[]]) =>
    x.data.map(f);

const binary =
  (f: (a: number, b: number) => number) =>
  (value: { readonly shape: Shape }, [a, b]: readonly [Operand, Operand, ...Operand[]]) => {
    const fromA = broadcastIndex(a.shape, value.shape);
    const fromB = broadcastIndex(b.shape, value.shape);
    return new Float64Array(sizeOf(value.shape)).map((_, i) =>
      f(a.data[fromA(i)] as number, b.data[fromB(i)] as number),
    );
  };

/** Maps a position in `to` to the position in `from` that is broadcast there. */
function broadcastIndex(from: Shape, to: Shape): (position: number) => number {
  const fromStrides = stridesOf(from);
  const toStrides = stridesOf(to);
  const offset = to.length - from.length;
  return (position) => {
    let index = 0;
    for (let axis = 0; axis < to.length; axis++) {
      const coordinate = Math.floor(position / (toStrides[axis] as number)) % (to[axis] as number);
      if (axis >= offset && from[axis - offset] !== 1)
        index += coordinate * (fromStrides[axis - offset] as number);
    }
    return index;
  };
}

/** The extents [before, of, after] one axis. */
function aroundAxis(shape: Shape, axis: number): [number, number, number] {
  return [sizeOf(shape.slice(0, axis)), shape[axis] as number, sizeOf(shape.slice(axis + 1))];
}

/** Replaces each line along an axis by f(line). */
function alongAxis(x: Operand, axis: number, f: (line: number[]) => number[]): Float64Array {
  const [outer, extent, inner] = aroundAxis(x.shape, axis);
  const out = new Float64Array(x.data.length);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const at = (k: number) => (o * extent + k) * inner + i;
      const line = f(Array.from({ length: extent }, (_, k) => x.data[at(k)] as number));
      for (let k = 0; k < extent; k++) out[at(k)] = line[k] as number;
    }
  }
  return out;
}

function reduce(
  x: Operand,
  axes: readonly number[],
  start: number,
  f: (a: number, b: number) => number,
): Float64Array {
  const kept = x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
  const out = new Float64Array(sizeOf(kept)).fill(start);
  const target = broadcastIndex(kept, x.shape);
  for (let i = 0; i < x.data.length; i++) {
    const at = target(i);
    out[at] = f(out[at] as number, x.data[i] as number);
  }
  return out;
}

/**
 * Copies `source` into a result of shape `to`, shifted: the element at coordinate c comes from, or
 * goes to, c + offset.
 */
function window(from: Operand, to: Shape, offset: readonly number[]): Float64Array {
  const out = new Float64Array(sizeOf(to));
  const toStrides = stridesOf(to);
  const fromStrides = stridesOf(from.shape);
  for (let i = 0; i < out.length; i++) {
    let index = 0;
    let inside = true;
    for (let axis = 0; axis < to.length; axis++) {
      const c =
        (Math.floor(i / (toStrides[axis] as number)) % (to[axis] as number)) + (offset[axis] as number);
      inside &&= c >= 0 && c < (from.shape[axis] as number);
      index += c * (fromStrides[axis] as number);
    }
    if (inside) out[i] = from.data[index] as number;
  }
  return out;
}

const softmaxLine = (line: number[]) => {
  const largest = Math.max(...line);
  const powers = line.map((z) => Math.exp(z - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
};
const logSoftmaxLine = (line: number[]) => {
  const largest = Math.max(...line);
  const logSum = largest + Math.log(line.reduce((sum, z) => sum + Math.exp(z - largest), 0));
  return line.map((z) => z - logSum);
};

export const evaluateRules: { readonly [Op in OpName]: Rule<Op> } = {
  input: () => {
    throw new Error('internal: inputs are fed, not evaluated');
  },
  constant: ({ attributes }) => Float64Array.from(attributes.values),

  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  erf: unary(erf),
  tanh: unary(Math.tanh),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  relu: unary((x) => Math.max(x, 0)),
  leakyRelu: ({ attributes }, [x]) => x.data.map((v) => (v > 0 ? v : attributes.alpha * v)),
  pow: ({ attributes }, [x]) => x.data.map((v) => v ** attributes.exponent),
  cast: ({ dtype }, [x]) => (dtype === 'f32' ? x.data : x.data.map(Math.trunc)),

  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  greater: binary((a, b) => Number(a > b)),
  equal: binary((a, b) => Number(a === b)),
  where: ({ shape }, operands) => {
    const [mask, a, b] = operands.map(({ data, shape: from }) => {
      const index = broadcastIndex(from, shape);
      return (i: number) => data[index(i)] as number;
    }) as [Reader, Reader, Reader];
    return new Float64Array(sizeOf(shape)).map((_, i) => (mask(i) === 0 ? b(i) : a(i)));
  },

  matmul: ({ shape, attributes: { transposeA, transposeB } }, [a, b]) => {
    const [m, n] = [shape.at(-2) as number, shape.at(-1) as number];
    const k = a.shape.at(transposeA ? -2 : -1) as number;
    const batch = shape.slice(0, -2);
    const fromA = broadcastIndex(a.shape.slice(0, -2), batch);
    const fromB = broadcastIndex(b.shape.slice(0, -2), batch);
    const out = new Float64Array(sizeOf(shape));
    for (let p = 0; p < sizeOf(batch); p++) {
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let q = 0; q < k; q++) {
            const x = a.data[fromA(p) * m * k + (transposeA ? q * m + i : i * k + q)] as number;
            const y = b.data[fromB(p) * k * n + (transposeB ? j * k + q : q * n + j)] as number;
            sum += x * y;
          }
          out[(p * m + i) * n + j] = sum;
        }
      }
    }
    return out;
  },
  conv2d: ({ attributes, shape }, [x, w, bias]) => convolution(x, w, bias, attributes, shape),
  conv2dInputGradient: ({ attributes }, [w, dy]) => convolutionInputGradient(w, dy, attributes),
  conv2dWeightGradient: ({ attributes }, [x, dy]) => convolutionWeightGradient(x, dy, attributes),

  maxPool2d: ({ attributes, shape }, [x]) => maxPool(x, attributes, shape),
  maxPool2dGradient: ({ attributes }, [x, y, dy]) => maxPoolGradient(x, y, dy, attributes),
  averagePool2d: ({ attributes, shape }, [x]) => averagePool(x, attributes, shape),
  averagePool2dGradient: ({ attributes }, [dy]) => averagePoolGradient(dy, attributes),

  groupNorm: ({ attributes }, [x, scale, shift]) => {
    const { values, channelOf } = normalized(x, attributes);
    return values.map(
      (v, i) => v * (scale.data[channelOf(i)] as number) + (shift.data[channelOf(i)] as number),
    );
  },
  groupNormInputGradient: ({ attributes }, [x, scale, dy]) =>
    groupNormInputGradient(x, scale, dy, attributes),
  groupNormScaleGradient: ({ attributes, shape }, [x, dy]) => {
    const { values, channelOf } = normalized(x, attributes);
    const out = new Float64Array(sizeOf(shape));
    values.forEach((v, i) => {
      out[channelOf(i)] = (out[channelOf(i)] as number) + v * (dy.data[i] as number);
    });
    return out;
  },

  batchNorm: ({ shape }, [x, ...vectors]) => {
    const [, channels = 1, height = 1, width = 1] = shape;
    const [mean, inverse, scale, shift] = vectors.map(
      ({ data }) =>
        (i: number) =>
          data[Math.floor(i / (height * width)) % channels] as number,
    ) as [Reader, Reader, Reader, Reader];
    return x.data.map((v, i) => (v - mean(i)) * inverse(i) * scale(i) + shift(i));
  },

  reduceSum: ({ attributes }, [x]) => reduce(x, attributes.axes, 0, (a, b) => a + b),
  reduceMax: ({ attributes }, [x]) => reduce(x, attributes.axes, -Infinity, Math.max),
  argMax: ({ attributes: { axis }, shape }, [x]) => {
    const [outer, extent, inner] = aroundAxis(x.shape, axis);
    const out = new Float64Array(sizeOf(shape));
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const at = (k: number) => x.data[(o * extent + k) * inner + i] as number;
        let best = 0;
        for (let k = 1; k < extent; k++) if (at(k) > at(best)) best = k;
        out[o * inner + i] = best;
      }
    }
    return out;
  },
  softmax: ({ attributes }, [x]) => alongAxis(x, attributes.axis, softmaxLine),
  logSoftmax: ({ attributes }, [x]) => alongAxis(x, attributes.axis, logSoftmaxLine),

  reshape: (_, [x]) => x.data,
  expand: ({ shape }, [x]) => {
    const from = broadcastIndex(x.shape, shape);
    return new Float64Array(sizeOf(shape)).map((_, i) => x.data[from(i)] as number);
  },
  transpose: ({ shape, attributes: { permutation } }, [x]) => {
    const strides = stridesOf(x.shape);
    const outStrides = stridesOf(shape);
    return new Float64Array(x.data.length).map((_, i) => {
      let index = 0;
      permutation.forEach((axis, outAxis) => {
        const c = Math.floor(i / (outStrides[outAxis] as number)) % (shape[outAxis] as number);
        index += c * (strides[axis] as number);
      });
      return x.data[index] as number;
    });
  },
  concat: ({ shape, attributes: { axis } }, operands) => {
    const out = new Float64Array(sizeOf(shape));
    let offset = 0;
    for (const part of operands) {
      const start = shape.map((_, i) => (i === axis ? -offset : 0));
      window(part, shape, start).forEach((x, i) => {
        out[i] = (out[i] as number) + x;
      });
      offset += part.shape[axis] as number;
    }
    return out;
  },
  slice: ({ shape, attributes }, [x]) => window(x, shape, attributes.starts),
  pad: ({ shape, attributes }, [x]) =>
    window(
      x,
      shape,
      attributes.before.map((count) => -count),
    ),
  gather: ({ shape, attributes: { axis } }, [x, indices]) => {
    const [outer, extent, inner] = aroundAxis(x.shape, axis);
    const out = new Float64Array(sizeOf(shape));
    const count = indices.data.length;
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < count; k++) {
        const from = (o * extent + (indices.data[k] as number)) * inner;
        out.set(x.data.subarray(from, from + inner), (o * count + k) * inner);
      }
    }
    return out;
  },
  gatherGradient: ({ shape, attributes: { axis } }, [indices, dy]) => {
    const [outer, extent, inner] = aroundAxis(shape, axis);
    const out = new Float64Array(sizeOf(shape));
    const count = indices.data.length;
    for (let o = 0; o < outer; o++) {
      for (let k = 0; k < count; k++) {
        for (let i = 0; i < inner; i++) {
          const at = (o * extent + (indices.data[k] as number)) * inner + i;
          out[at] = (out[at] as number) + (dy.data[(o * count + k) * inner + i] as number);
        }
      }
    }
    return out;
  },
  oneHot: ({ attributes: { depth } }, [labels]) => {
    const out = new Float64Array(labels.data.length * depth);
    labels.data.forEach((label, i) => {
      if (label >= 0 && label < depth) out[i * depth + label] = 1;
    });
    return out;
  },

  randomUniform: ({ shape, attributes: { stream } }, keys) => {
    const key = randomKey([...keys.map(({ data }) => data[0] as number), stream]);
    return new Float64Array(sizeOf(shape)).map((_, position) => uniformAt(key, position));
  },

  sumOverParts: (value, operands, evaluateBody) => {
    const { inputs, sliced, parts } = value.attributes;
    const total = new Float64Array(sizeOf(value.shape));
    for (let part = 0; part < parts; part++) {
      const fed = inputs.map((name, index) => {
        const { data } = operands[index] as Operand;
        const size = data.length / parts;
        return [name, index < sliced ? data.slice(part * size, (part + 1) * size) : data] as const;
      });
      evaluateBody(bodyResult(value), Object.fromEntries(fed)).forEach((x, i) => {
        total[i] = (total[i] as number) + x;
      });
    }
    return total;
  },
};
