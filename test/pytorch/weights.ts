/**
 * The weights from which PyTorch's losses were recorded: a function of position alone, the twin of
 * weights.py to the bit. Element i of tensor t of a convolution or dense layer is
 *
 *     u = lowbias32(i + t·0x9e3779b9 mod 2³²) / 2³²,    value = float32((2u − 1)·gain / √fanIn),
 *
 * with the fan-in of the layer's weight for its bias too; the gain is 1, or the convolutions' own
 * where one is given. Norm weights are 1 and norm biases 0.
 * @see https://nullprogram.com/blog/2018/07/31/ for lowbias32
 */
import { type Shape, sizeOf } from '../../src/tensor/shape.js';
import { layoutSize, type StateDict, type StateLayout } from '../../src/tensor/state-dict.js';

const NORM = /(^|\.)norm\d*\.(weight|bias)$/;

/** The oracle's weights for a table whose order is that of PyTorch's state dict. */
export function oracleWeights(layout: StateLayout, convolutionGain = 1): StateDict {
  const data = new Float32Array(layoutSize(layout));
  for (const [number, { name, offset, size }] of layout.entries()) {
    const values = data.subarray(offset, offset + size);
    if (NORM.test(name)) {
      values.fill(name.endsWith('.weight') ? 1 : 0);
      continue;
    }
    const inputs = weightShape(layout, name).slice(1);
    const gain = inputs.length === 3 ? convolutionGain : 1;
    const bound = gain / Math.sqrt(sizeOf(inputs));
    const start = Math.imul(number, 0x9e3779b9);
    for (let i = 0; i < size; i++) values[i] = (2 * (lowbias32(start + i) / 2 ** 32) - 1) * bound;
  }
  return { layout, data };
}

/** Of a layer's weight or its bias: the shape of the weight, [O, I, kh, kw] or [O, I]. */
function weightShape(layout: StateLayout, name: string): Shape {
  const weightName = name.replace(/[^.]+$/, 'weight');
  const weight = layout.find((entry) => entry.name === weightName);
  if (weight === undefined) {
    throw new Error(`oracle weights: "${name}" has no "${weightName}" beside it to take the fan-in from`);
  }
  return weight.shape;
}

function lowbias32(seed: number): number {
  let x = seed >>> 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}
