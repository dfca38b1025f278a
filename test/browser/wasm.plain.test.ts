import * as ort from 'onnxruntime-web/wasm';
import { expect, it } from 'vitest';
import { ortWeb } from '../../src/browser.js';
import { describeRuntime } from '../../src/engine/runtime/runtime.contract.js';
import { itAgreesWithNative } from './agreement.js';

const runtime = await ortWeb(ort);

it('a page that is not cross-origin isolated has one thread, and says what it would need for more', async () => {
  expect(crossOriginIsolated).toBe(false);
  expect(runtime).toMatchObject({ device: 'wasm', threads: 1 });
  const refused = ortWeb(ort, { device: 'wasm', threads: 2 });
  await expect(refused).rejects.toThrow('WebAssembly has 1 on a page that is not cross-origin isolated');
  await expect(refused).rejects.toMatchObject({
    hint: expect.stringContaining('Cross-Origin-Opener-Policy'),
  });
});

it('a page without WebGPU says so when it is asked for', async () => {
  const refused = ortWeb(ort, { device: 'webgpu' });
  await expect(refused).rejects.toThrow(/runtime: WebGPU .*no adapter/);
});

describeRuntime(runtime);
itAgreesWithNative(runtime, 'paper-cnn', 1e-5);
