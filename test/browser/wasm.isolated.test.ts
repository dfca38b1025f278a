import * as ort from 'onnxruntime-web/wasm';
import { expect, it } from 'vitest';
import { ortWeb } from '../../src/browser.js';
import { describeRuntime } from '../../src/engine/runtime/runtime.contract.js';
import { itAgreesWithNative } from './agreement.js';

// The first session of a page decides its threads.
const runtime = await ortWeb(ort, { device: 'wasm', threads: 2 });

it('a page that is cross-origin isolated has the threads of the machine', async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(runtime).toMatchObject({ device: 'wasm', threads: 2 });
  const cores = navigator.hardwareConcurrency;
  await expect(ortWeb(ort, { device: 'wasm', threads: cores + 1 })).rejects.toThrow(
    new RegExp(`${cores + 1} threads .*WebAssembly has ${cores}\\b`),
  );
});

describeRuntime(runtime);
itAgreesWithNative(runtime, 'paper-cnn', 1e-5);
