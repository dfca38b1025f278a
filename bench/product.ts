/**
 * The engine's own speed: a product of two square matrices of floats, the operation that training
 * lives on.
 */
import { OnnxModelBuilder } from '../src/engine/onnx/model-builder.js';
import type { Runtime } from '../src/engine/runtime/runtime.js';
import { f32Tensor } from '../src/tensor/tensor.js';

const EXTENT = 1024;

/** Floating-point operations of one product. */
export const PRODUCT_FLOPS = 2 * EXTENT ** 3;

export async function startProduct(runtime: Runtime): Promise<() => Promise<void>> {
  const shape = [EXTENT, EXTENT];
  const model = new OnnxModelBuilder();
  const product = model.node('MatMul', [model.input('a', 'f32', shape), model.input('b', 'f32', shape)]);
  model.output('product', product, 'f32', shape);
  const session = await runtime.open(model.bytes());
  const matrix = () => {
    const values = Float32Array.from({ length: EXTENT ** 2 }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5);
    return f32Tensor(values, shape);
  };
  const [inputs, outputs] = [{ a: matrix(), b: matrix() }, { product: matrix() }];
  return async () => {
    await session.run(inputs, outputs);
  };
}
