/** Training steps on a GPU beside those on the CPU, from the same weights and on the same data. */
import { expect, it } from 'vitest';
import { some } from '../../test/every-case.js';
import { gpuOfTests } from '../../test/software-gpu.js';
import { reshape } from '../engine/graph/build.js';
import type { Value } from '../engine/graph/value.js';
import { carryOf } from '../engine/nn/carry.js';
import { dense } from '../engine/nn/layers/layers.js';
import { initialState, type Network, parametersOf } from '../engine/nn/layers/network.js';
import { lstm } from '../engine/nn/layers/recurrent.js';
import { lenet5 } from '../engine/nn/models/lenet5.js';
import { mlp } from '../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../engine/nn/models/normalize-pixels.js';
import { resnet8 } from '../engine/nn/models/resnet8.js';
import { transformer } from '../engine/nn/models/transformer.js';
import { adam } from '../engine/nn/optimizers.js';
import { compilePlan } from '../engine/nn/plan.js';
import { classification } from '../engine/nn/tasks/classification.js';
import { ortNode } from '../engine/runtime/node/ort-node.js';
import { ortNodeGpu } from '../engine/runtime/node/ort-node-gpu.js';
import type { Runtime } from '../engine/runtime/runtime.js';
import type { ColumnSpec } from '../tensor/column-spec.js';
import { sizeOf } from '../tensor/shape.js';
import { f32Tensor, i32Tensor, type Tensor, u8Tensor } from '../tensor/tensor.js';

const STEPS = 4;
const BATCH = 8;
const TOLERANCE = 1e-5;

/** The rows of a picture as a sequence. */
const recurrent: Network = (scope, images) => {
  const [n = 1, , rows = 1, columns = 1] = images.shape;
  const { hidden } = lstm(scope.in('rnn'), reshape(images, [n, rows, columns]), { hidden: 16 });
  return dense(scope.in('fc'), hidden[0] as Value, 10);
};

const networks: Record<string, { network: Network; input: ColumnSpec }> = {
  lenet5: { network: onPixels(lenet5()), input: pixels([1, 28, 28]) },
  transformer: {
    network: transformer({ vocabulary: 50, classes: 10, width: 32, heads: 2 }),
    input: { name: 'tokens', dtype: 'i32', shape: [12] },
  },
  mlp: { network: onPixels(mlp({ hidden: [32], dropout: 0.2 })), input: pixels([1, 28, 28]) },
  lstm: { network: onPixels(recurrent), input: pixels([1, 12, 8]) },
  resnet8: { network: onPixels(resnet8()), input: pixels([3, 16, 16]) },
};

const adapter = await gpuOfTests();
/** One in software compiles its kernels for a minute. */
const tried = some(Object.keys(networks), 2);

it.skipIf(adapter === undefined).each(tried)('trains %s as on the CPU', async (name) => {
  const [onCpu, onGpu] = [await trained(name, ortNode()), await trained(name, ortNodeGpu(adapter!))];
  for (const [step, loss] of onCpu.losses.entries()) {
    const difference = Math.abs((onGpu.losses[step] as number) / loss - 1);
    expect(difference, `${name}, step ${step + 1}`).toBeLessThan(TOLERANCE);
  }
  expect(onGpu.losses[STEPS - 1]).not.toBe(onGpu.losses[0]);
  expect(onGpu.state).toHaveLength(onCpu.state.length);
});

/** The losses of the first steps, of a plan that is cut for the runtime, and the state after them. */
async function trained(name: string, runtime: Runtime) {
  const { network, input } = networks[name]!;
  const plan = compilePlan({
    ...{ network, inputs: [input], task: classification({ classes: 10 }), batchSize: BATCH },
    ...{ optimizer: adam({ epsilon: 1e-4 }), partBytes: runtime.partBytes },
  });
  const session = await runtime.open(plan.trainingModel, { carry: carryOf(plan) });
  const { data } = initialState(parametersOf(network, [input]), 'gpu steps');
  const zeros = f32Tensor(new Float32Array(data.length));
  await session.write({ state: f32Tensor(data), slot0: zeros, slot1: zeros });
  const losses: number[] = [];
  for (let step = 1; step <= STEPS; step++) {
    const { lossSum } = await session.run({
      [input.name]: examples(input, step),
      labels: i32Tensor(Int32Array.from({ length: BATCH }, (_, i) => (i * 7 + step) % 10)),
      weights: f32Tensor(new Float32Array(BATCH).fill(1)),
      learningRate: f32Tensor(Float32Array.of(1e-3), []),
      step: i32Tensor(Int32Array.of(step), []),
      seed: i32Tensor(Int32Array.of(3), []),
    });
    losses.push(lossSum!.data[0] as number);
  }
  const { state } = await session.read();
  await session.release();
  return { losses, state: state!.data };
}

function examples({ dtype, shape }: ColumnSpec, step: number): Tensor {
  const numbers = { length: BATCH * sizeOf(shape) };
  return dtype === 'i32'
    ? i32Tensor(
        Int32Array.from(numbers, (_, i) => (i * 11 + step) % 50),
        [BATCH, ...shape],
      )
    : u8Tensor(
        Uint8Array.from(numbers, (_, i) => (i * i * 89 + step * 31) % 256),
        [BATCH, ...shape],
      );
}
