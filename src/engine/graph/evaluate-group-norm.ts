/** Group norm and its gradient for the reference evaluator. */
import { sizeOf } from '../../tensor/shape.js';
import type { Operand } from './evaluate-operand.js';
import type { GroupNormAttributes } from './ops.js';

/**
 * Returns (x − mean)/√(variance + epsilon) over each group, and for each number its divisor and its
 * channel.
 */
export function normalized(x: Operand, { groups, epsilon }: GroupNormAttributes) {
  const [n = 1, c = 1, ...pixels] = x.shape;
  const size = x.data.length / (n * groups);
  const values = new Float64Array(x.data.length);
  const deviations = new Float64Array(x.data.length);
  for (let begin = 0; begin < values.length; begin += size) {
    const group = x.data.subarray(begin, begin + size);
    const mean = meanOf(group);
    const deviation = Math.sqrt(meanOf(group.map((v) => (v - mean) ** 2)) + epsilon);
    values.set(
      group.map((v) => (v - mean) / deviation),
      begin,
    );
    deviations.fill(deviation, begin, begin + size);
  }
  return { values, deviations, size, channelOf: (i: number) => Math.floor(i / sizeOf(pixels)) % c };
}

/**
 * With x̂ = (x − mean)/σ and g = scale·dy:
 *     dx = (g − mean(g) − x̂·mean(g·x̂))/σ
 */
export function groupNormInputGradient(
  x: Operand,
  scale: Operand,
  dy: Operand,
  attributes: GroupNormAttributes,
): Float64Array {
  const { values, deviations, size, channelOf } = normalized(x, attributes);
  const g = dy.data.map((v, i) => v * (scale.data[channelOf(i)] as number));
  const out = new Float64Array(g.length);
  for (let begin = 0; begin < g.length; begin += size) {
    const group = (numbers: Float64Array) => numbers.subarray(begin, begin + size);
    const mean = meanOf(group(g));
    const projection = meanOf(group(g).map((v, i) => v * (group(values)[i] as number)));
    for (let i = begin; i < begin + size; i++) {
      const centred = (g[i] as number) - mean - (values[i] as number) * projection;
      out[i] = centred / (deviations[i] as number);
    }
  }
  return out;
}

const meanOf = (numbers: Float64Array) => numbers.reduce((a, b) => a + b, 0) / numbers.length;
