import * as ort from 'onnxruntime-web/webgpu';
import { expect, inject, it } from 'vitest';
import { ortWeb } from '../../src/browser.js';
import { describeRuntime } from '../../src/engine/runtime/runtime.contract.js';
import { itAgreesWithNative } from './agreement.js';

const runtime = await ortWeb(ort, { device: 'webgpu' });

it('names the adapter; an emulated one is taken only when it is asked for', async () => {
  expect(runtime.device).toMatch(/^webgpu \(.+\)$/);
  expect((await ortWeb(ort, { threads: 1 })).device).toBe('wasm');
});

describeRuntime(runtime);
// An emulated GPU takes ten seconds for it.
if (inject('everyCase')) itAgreesWithNative(runtime, 'small', 1e-4);
