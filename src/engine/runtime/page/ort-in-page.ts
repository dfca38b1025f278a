/**
 * Loads ONNX Runtime in a page when it is needed, and only the build for the device: the build for
 * WebGPU is twice as large, and its WebAssembly is slower.
 */

import type { Runtime } from '../runtime.js';
import { chooseAdapter, type OrtWebOptions, ortWeb } from './ort-web.js';

/** @throws RuntimeError as `ortWeb` does */
export async function ortInPage(options: OrtWebOptions = {}): Promise<Runtime> {
  const adapter = await chooseAdapter(options.device ?? 'auto');
  return adapter === undefined
    ? ortWeb(await import('onnxruntime-web/wasm'), { ...options, device: 'wasm' })
    : ortWeb(await import('onnxruntime-web/webgpu'), { ...options, device: 'webgpu' });
}
