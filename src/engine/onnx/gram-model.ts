/**
 * A model for products of rows with each other, rowsᵀ·rows, in float64. In float32, rounding would
 * leave sums of such products without a Cholesky factor. Our graphs have no float64, so the result
 * is given as the sum of two float32 numbers, which hold 48 bits.
 */
import { ONNX_TYPES, OnnxModelBuilder } from './model-builder.js';

/** (rows f32 [rows, features]) → (high, low f32 [features, features]), as an ONNX model. */
export function gramModel(rows: number, features: number): Uint8Array {
  const model = new OnnxModelBuilder();
  const cast = (value: string, to: 'f32' | 'f64') => model.node('Cast', [value], { to: ONNX_TYPES[to] });
  const exact = cast(model.input('rows', 'f32', [rows, features]), 'f64');
  const gram = model.node('MatMul', [model.node('Transpose', [exact], { perm: [1, 0] }), exact]);
  const high = cast(gram, 'f32');
  const low = cast(model.node('Sub', [gram, cast(high, 'f64')]), 'f32');
  model.output('high', high, 'f32', [features, features]);
  model.output('low', low, 'f32', [features, features]);
  return model.bytes();
}
