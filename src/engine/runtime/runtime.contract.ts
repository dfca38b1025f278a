/** What every runtime must do. `describeRuntime` runs these tests against one runtime. */

import { describe, expect, it } from 'vitest';
import { f32Tensor, i32Tensor, type Tensor, u8Tensor } from '../../tensor/tensor.js';
import * as g from '../graph/build.js';
import { evaluate } from '../graph/evaluate.js';
import { conv2d, dense, dropout } from '../nn/layers/layers.js';
import { initialState, layoutOf, parametersOf } from '../nn/layers/network.js';
import { onPixels, pixels } from '../nn/models/normalize-pixels.js';
import { adam } from '../nn/optimizers.js';
import { classification } from '../nn/tasks/classification.js';
import { trainingStep } from '../nn/training-step.js';
import { lower } from '../onnx/lower/lower.js';
import { type Runtime, RuntimeError, type Tensors } from './runtime.js';

export function describeRuntime(runtime: Runtime): void {
  describe(`the runtime ${runtime.name}`, () => {
    const sum = () => {
      const [a, b] = [g.input('a', [2, 2]), g.input('b', [2])];
      return lower({ outputs: { sum: g.add(a, b), product: g.mul(a, b) } });
    };
    const a = f32Tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
    const b = f32Tensor(Float32Array.of(10, 20));

    it('says what it is and where it computes', () => {
      expect(runtime.name).toMatch(/^\S+ \d+\.\d+\.\d+/);
      expect(runtime.device).not.toBe('');
      expect(runtime.threads).toBeGreaterThanOrEqual(1);
      expect(runtime.partBytes).toBeGreaterThanOrEqual(2 ** 20);
    });

    it('runs a model again and again, with the shapes and types of its outputs', async () => {
      const session = await runtime.open(sum());
      expect(await session.run({ a, b })).toEqual({
        sum: f32Tensor(Float32Array.of(11, 22, 13, 24), [2, 2]),
        product: f32Tensor(Float32Array.of(10, 40, 30, 80), [2, 2]),
      });
      const { sum: next } = await session.run({ a: f32Tensor(new Float32Array(4), [2, 2]), b });
      expect([...next!.data]).toEqual([10, 20, 10, 20]);
      await session.release();
    });

    it('keeps the results of a run as they are when it runs again', async () => {
      const session = await runtime.open(sum());
      const { sum: first } = await session.run({ a, b });
      await session.run({ a: f32Tensor(new Float32Array(4), [2, 2]), b });
      expect([...first!.data]).toEqual([11, 22, 13, 24]);
      await session.release();
    });

    it('writes into the outputs that it is given, and makes the others', async () => {
      const session = await runtime.open(sum());
      // A view into the middle of a buffer, like a tensor of a flat state.
      const buffer = new Float32Array(8);
      const given = f32Tensor(buffer.subarray(2, 6), [2, 2]);
      const results = await session.run({ a, b }, { sum: given });
      expect(results.sum).toBe(given);
      expect([...buffer]).toEqual([0, 0, 11, 22, 13, 24, 0, 0]);
      expect([...results.product!.data]).toEqual([10, 40, 30, 80]);
      await session.release();
    });

    it('reads integers and bytes, and gives integers', async () => {
      const scores = g.input('scores', [2, 3], 'u8');
      const model = lower({ outputs: { best: g.argMax(g.cast(scores, 'f32'), 1) } });
      const session = await runtime.open(model);
      const bytes = u8Tensor(Uint8Array.of(1, 255, 3, 7, 5, 6), [2, 3]);
      expect(await session.run({ scores: bytes })).toEqual({ best: i32Tensor(Int32Array.of(1, 0)) });
      await session.release();
    });

    it('adds the gradients of an embedding with a large vocabulary', async () => {
      const [count, size, rest] = [64, 1000, 16];
      const [tokens, dy] = [g.input('tokens', [count], 'i32'), g.input('dy', [count, rest])];
      const gradient = g.apply('gatherGradient', [tokens, dy], { axis: 0, size });
      const data = {
        tokens: Int32Array.from({ length: count }, (_, i) => (i * 7) % 20),
        dy: Float32Array.from({ length: count * rest }, (_, i) => (i % 13) - 6),
      };
      const session = await runtime.open(lower({ outputs: { gradient } }));
      const results = await session.run({
        tokens: i32Tensor(data.tokens),
        dy: f32Tensor(data.dy, [count, rest]),
      });
      const expected = evaluate({ outputs: { gradient } }, data).gradient as Float64Array;
      expect(results.gradient).toEqual(f32Tensor(Float32Array.from(expected), [size, rest]));
      await session.release();
    });

    describe('with carried values', () => {
      /** next = 2·kept + x, and the sum of x. */
      const doubling = () => {
        const [kept, x] = [g.input('kept', [3]), g.input('x', [3])];
        return lower({ outputs: { next: g.add(g.mul(kept, 2), x), total: g.reduceSum(x) } });
      };
      const open = () => runtime.open(doubling(), { carry: { next: 'kept' } });
      const vector = (...values: number[]) => f32Tensor(Float32Array.from(values));

      it('keeps an output as the input of the next run, and gives it when asked', async () => {
        const session = await open();
        await session.write({ kept: vector(1, 2, 3) });
        expect(await session.run({ x: vector(0, 0, 1) })).toEqual({
          total: f32Tensor(Float32Array.of(1), []),
        });
        await session.run({ x: vector(1, 1, 1) });
        expect(await session.read()).toEqual({ kept: vector(5, 9, 15) });
        await session.run({ x: vector(0, 0, 0) });
        expect(await session.read()).toEqual({ kept: vector(10, 18, 30) });
        await session.release();
      });

      it('copies what it is given and what it gives', async () => {
        const session = await open();
        const given = vector(1, 1, 1);
        await session.write({ kept: given });
        given.data.fill(7);
        await session.run({ x: vector(0, 0, 0) });
        const { kept } = await session.read();
        await session.run({ x: vector(0, 0, 0) });
        await session.run({ x: vector(0, 0, 0) });
        expect([...kept!.data]).toEqual([2, 2, 2]);
        kept!.data.fill(7);
        expect([...(await session.read()).kept!.data]).toEqual([8, 8, 8]);
        await session.release();
      });

      it('writes into given arrays what it is asked for', async () => {
        const session = await open();
        await session.write({ kept: vector(1, 2, 3) });
        await session.run({ x: vector(0, 0, 1) });
        const into = vector(0, 0, 0);
        expect(await session.read({ kept: into })).toEqual({ kept: vector(2, 4, 7) });
        expect(into).toEqual(vector(2, 4, 7));
        expect(await session.read({})).toEqual({});
        await session.release();
      });

      it('forgets what it keeps, and goes on when it is written again', async () => {
        const session = await open();
        await session.write({ kept: vector(1, 2, 3) });
        await session.run({ x: vector(0, 0, 1) });
        const { kept } = await session.read();
        session.forget();
        expect(await session.read()).toEqual({});
        await expect(session.run({ x: vector(0, 0, 0) })).rejects.toThrow('was never written');
        await session.write({ kept: kept as Tensor });
        await session.run({ x: vector(0, 0, 0) });
        expect(await session.read()).toEqual({ kept: vector(4, 8, 14) });
        await session.release();
      });

      it('starts anew from what is written', async () => {
        const session = await open();
        await session.write({ kept: vector(1, 1, 1) });
        await session.run({ x: vector(0, 0, 0) });
        await session.write({ kept: vector(0, 0, 4) });
        await session.run({ x: vector(1, 0, 0) });
        expect(await session.read()).toEqual({ kept: vector(1, 0, 8) });
        await session.release();
      });

      it('says that a carried input was never written, or that an input is not carried', async () => {
        const session = await open();
        await expect(session.run({ x: vector(0, 0, 0) })).rejects.toThrow(
          new RuntimeError('runtime: input "kept" was never written'),
        );
        await expect(session.write({ x: vector(0, 0, 0) })).rejects.toThrow(
          new RuntimeError('runtime: input "x" is not carried'),
        );
        await session.release();
      });
    });

    it('names the input that is missing', async () => {
      const session = await runtime.open(sum());
      await expect(session.run({ a })).rejects.toThrow(new RuntimeError('runtime: input "b" is not given'));
      await session.release();
    });

    it('refuses an input of another shape or type with a RuntimeError', async () => {
      const session = await runtime.open(sum());
      await expect(session.run({ a: b, b })).rejects.toThrow(RuntimeError);
      await expect(session.run({ a, b: i32Tensor(Int32Array.of(1, 2)) })).rejects.toThrow(RuntimeError);
      expect([...(await session.run({ a, b })).sum!.data]).toEqual([11, 22, 13, 24]);
      await session.release();
    });

    it('adds up parts of a batch that it takes one after the other', async () => {
      const x = g.input('x', [6]);
      const sums = g.sumOverParts({ sliced: { x }, whole: {} }, 3, ({ x }) => g.mul(x!, x!));
      const session = await runtime.open(lower({ outputs: { sums } }));
      const { sums: result } = await session.run({ x: f32Tensor(Float32Array.of(1, 2, 3, 4, 5, 6)) });
      expect([...result!.data]).toEqual([1 + 9 + 25, 4 + 16 + 36]);
      await session.release();
    });

    it('refuses bytes that are no model with a RuntimeError', async () => {
      await expect(runtime.open(Uint8Array.of(1, 2, 3, 4, 5))).rejects.toThrow(RuntimeError);
      await expect(runtime.open(new Uint8Array())).rejects.toThrow(RuntimeError);
      await expect(runtime.open(sum().subarray(0, 60))).rejects.toThrow(RuntimeError);
    });

    it('gives for training steps the numbers of the reference evaluator', async () => {
      const { graph, state } = smallTraining();
      const carry = { nextState: 'state', nextSlot0: 'slot0', nextSlot1: 'slot1' };
      const session = await runtime.open(lower(graph), { carry });
      const images = u8Tensor(
        Uint8Array.from({ length: 3 * 64 }, (_, i) => (i * 89) % 256),
        [3, 1, 8, 8],
      );
      const rest = { labels: [0, 2, 1], weights: [1, 1, 0], learningRate: [0.01], seed: [9] };
      const zeros = new Float32Array(state.length);
      let expected: Record<string, ArrayLike<number>> = {
        nextState: state,
        nextSlot0: zeros,
        nextSlot1: zeros,
      };
      await session.write({ state: f32Tensor(state), slot0: f32Tensor(zeros), slot1: f32Tensor(zeros) });
      for (let step = 1; step <= 3; step++) {
        expected = evaluate(graph, {
          state: expected.nextState!,
          slot0: expected.nextSlot0!,
          slot1: expected.nextSlot1!,
          images: images.data,
          step: [step],
          ...rest,
        });
        const results = await session.run({
          images,
          labels: i32Tensor(Int32Array.from(rest.labels)),
          weights: f32Tensor(Float32Array.from(rest.weights)),
          learningRate: f32Tensor(Float32Array.from(rest.learningRate), []),
          step: i32Tensor(Int32Array.of(step), []),
          seed: i32Tensor(Int32Array.from(rest.seed), []),
        });
        const { state: nextState, slot0: nextSlot0, slot1: nextSlot1 } = await session.read();
        const actual: Tensors = {
          ...results,
          nextState: nextState!,
          nextSlot0: nextSlot0!,
          nextSlot1: nextSlot1!,
        };
        expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
        for (const [name, values] of Object.entries(expected)) {
          const differences = Array.from(actual[name]!.data, (x, i) => Math.abs(x - values[i]!));
          expect(Math.max(...differences), `${name} after step ${step}`).toBeLessThan(1e-5);
        }
      }
      await session.release();
    });
  });
}

/**
 * A small network that uses every algorithm of the schedule: both convolutions, both poolings,
 * dropout, Adam.
 */
function smallTraining() {
  const network = onPixels(
    (scope, images) => {
      let x = g.relu(conv2d(scope.in('conv1'), images, { filters: 8, kernel: 3, padding: 1 }));
      x = conv2d(scope.in('conv2'), g.maxPool2d(x, { kernel: 2 }), { filters: 8, kernel: 3, padding: 1 });
      x = g.averagePool2d(g.relu(x), { kernel: 3, strides: 2, padding: 1 });
      return dense(scope.in('fc'), dropout(scope, g.flatten(x), 0.3), 3);
    },
    { mean: [0.5], deviation: [0.5] },
  );
  const inputs = [pixels([1, 8, 8])];
  const parameters = parametersOf(network, inputs);
  const graph = trainingStep({
    network,
    layout: layoutOf(parameters),
    inputs,
    task: classification({ classes: 3 }),
    optimizer: adam({ epsilon: 1e-4 }),
    batchSize: 3,
  });
  return { graph, state: initialState(parameters, 'contract').data };
}
