import { expect, it } from 'vitest';
import { f32Tensor, i32Tensor } from '../../../tensor/tensor.js';
import * as g from '../../graph/build.js';
import { evaluate } from '../../graph/evaluate.js';
import { ortNode } from '../../runtime/node/ort-node.js';
import { lower } from './lower.js';

const graphOf = (count: number, size: number, rest: number) => {
  const [indices, dy] = [g.input('indices', [count], 'i32'), g.input('dy', [count, rest])];
  return { outputs: { sum: g.apply('gatherGradient', [indices, dy], { axis: 0, size }) } };
};
const isScattered = (...shape: [number, number, number]) =>
  Buffer.from(lower(graphOf(...shape))).includes('ScatterND');

it('multiplies by a one-hot matrix where the vocabulary or the batch is small, and scatters otherwise', () => {
  expect(isScattered(64, 10, 8)).toBe(false);
  expect(isScattered(256, 40, 4)).toBe(false);
  expect(isScattered(64, 1000, 16)).toBe(true);
  expect(isScattered(1024, 100, 128)).toBe(true);
  expect(isScattered(1024, 30_522, 128)).toBe(true);
});

it('adds the slices of a large vocabulary where they were taken from, in their order', async () => {
  const [count, size, rest] = [300, 2000, 8];
  const graph = graphOf(count, size, rest);
  // Numbers whose sum depends on the order in float32; most indices come several times.
  const dy = Float32Array.from({ length: count * rest }, (_, i) => Math.sin(i) * 10 ** (i % 7));
  const indices = Int32Array.from({ length: count }, (_, i) => (i * 37) % 70);
  const session = await ortNode().open(lower(graph));
  const { sum } = await session.run({
    indices: i32Tensor(indices, [count]),
    dy: f32Tensor(dy, [count, rest]),
  });
  await session.release();
  const inOrder = new Float32Array(size * rest);
  for (const [i, value] of dy.entries())
    inOrder[indices[Math.floor(i / rest)]! * rest + (i % rest)]! += value;
  expect(sum?.data).toEqual(inOrder);
  const exact = evaluate(graph, { indices, dy }).sum!;
  for (const [i, value] of exact.entries()) expect(Math.abs(sum!.data[i]! - value)).toBeLessThan(2);
});
