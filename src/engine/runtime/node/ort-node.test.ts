import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import * as g from '../../graph/build.js';
import { lower } from '../../onnx/lower/lower.js';
import { describeRuntime } from '../runtime.contract.js';
import { RuntimeError } from '../runtime.js';
import { ortNode } from './ort-node.js';

describeRuntime(ortNode());

it('more threads than the machine has cores are refused', () => {
  const cores = availableParallelism();
  const hint = cores === 1 ? 'choose 1' : `choose 1 to ${cores}`;
  const refused = new RuntimeError(`runtime: 1000 threads are requested, but the cpu has ${cores}`, { hint });
  expect(() => ortNode({ threads: 1000 })).toThrow(refused);
  expect(() => ortNode({ threads: 0 })).toThrow(RuntimeError);
});

it('a model that asks for more memory than there is says how much, and what to choose instead', async () => {
  // 2⁴⁴ bytes: more than any machine has for one process.
  const x = g.input('x', [1]);
  const huge = g.add(g.expand(x, [2 ** 42]), g.expand(g.mul(x, x), [2 ** 42]));
  const session = await ortNode().open(lower({ outputs: { sum: g.reduceSum(g.exp(huge)) } }));
  const failed = session.run({ x: { dtype: 'f32', shape: [1], data: Float32Array.of(1) } });
  await expect(failed).rejects.toThrow('the cpu has no room for 16777216 MiB at once that it asks for');
  await expect(failed).rejects.toMatchObject({ hint: 'choose a smaller batch or network, or fewer workers' });
  await session.release();
});
