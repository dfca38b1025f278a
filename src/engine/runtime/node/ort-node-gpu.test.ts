import { expect, it } from 'vitest';
import { gpuOfTests } from '../../../../test/software-gpu.js';
import { describeRuntime } from '../runtime.contract.js';
import { ortNodeGpu } from './ort-node-gpu.js';

const adapter = await gpuOfTests();
if (adapter !== undefined) describeRuntime(ortNodeGpu(adapter));

it.skipIf(adapter === undefined)('names its adapter', () => {
  expect(ortNodeGpu(adapter!).device).toBe(`webgpu (${adapter!.description})`);
});
