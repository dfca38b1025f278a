/**
 * ONNX Runtime in a browser: on WebGPU, with the carried values kept on the GPU, or as WebAssembly
 * (which Node can run, too). The package `onnxruntime-web` is an optional peer dependency, needed
 * only to train in a page.
 */
import type { Env, InferenceSessionFactory } from 'onnxruntime-common';
import { requireArray } from '../../../tensor/arrays.js';
import { engineError } from '../engine-error.js';
import type { GpuAdapter } from '../gpu-adapter.js';
import { type Ort, ortSession } from '../ort-session.js';
import { checkThreads, partBytesOf, type Runtime, RuntimeError } from '../runtime.js';
import { gpuAdapter } from './web-gpu.js';

/** The module `onnxruntime-web/webgpu`, or `onnxruntime-web/wasm` for WebAssembly only. */
export interface OrtWeb extends Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly env: Env;
}

export interface OrtWebOptions {
  /**
   * `auto`, the default, uses a GPU if there is a hardware one: a software adapter is slower than
   * WebAssembly.
   */
  readonly device?: 'auto' | 'wasm' | 'webgpu';
  /**
   * Threads of WebAssembly; by default, all that the page has. They are started once: all runtimes
   * of a page use the number of the first.
   */
  readonly threads?: number;
}

/** @throws RuntimeError when the requested device is missing or has fewer threads. */
export async function ortWeb(ort: OrtWeb, options: OrtWebOptions = {}): Promise<Runtime> {
  const adapter = await chooseAdapter(options.device ?? 'auto');
  return adapter === undefined ? wasmRuntime(ort, options) : webGpuRuntime(ort, adapter);
}

/** Undefined for WebAssembly. @throws RuntimeError when a GPU is requested and there is none. */
export async function chooseAdapter(device: 'auto' | 'wasm' | 'webgpu'): Promise<GpuAdapter | undefined> {
  if (device === 'wasm') return undefined;
  const adapter = await gpuAdapter();
  if (device === 'auto') return adapter?.software === false ? adapter : undefined;
  if (adapter !== undefined) return adapter;
  throw new RuntimeError('runtime: WebGPU is requested, but this browser offers no adapter', {
    hint: 'choose the device "wasm", or "auto"; WebGPU needs a page from https or localhost',
  });
}

function wasmRuntime(ort: OrtWeb, options: OrtWebOptions): Runtime {
  // Threads share memory. A page may share memory only if it is isolated from pages of other
  // origins; this does not apply to Node.
  const isolated = globalThis.crossOriginIsolated ?? true;
  const available = isolated ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
  const { threads = available } = options;
  if (!isolated && threads > 1) {
    throw new RuntimeError(
      `runtime: ${threads} threads are requested, but WebAssembly has 1 on a page that is not cross-origin isolated`,
      {
        hint: 'choose 1, or serve the page with "Cross-Origin-Opener-Policy: same-origin" and "Cross-Origin-Embedder-Policy: require-corp"',
      },
    );
  }
  checkThreads(threads, 'WebAssembly', available);
  ort.env.wasm.numThreads = threads;
  const device = 'wasm';
  return {
    name: nameOf(ort),
    device,
    threads,
    partBytes: partBytesOf(threads),
    async open(model, sessionOptions = {}) {
      requireArray('runtime: the model', model, 'Uint8Array');
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: ['wasm'],
          graphOptimizationLevel: 'all',
          logSeverityLevel: 4,
        });
        return ortSession({ ort, device: 'WebAssembly', writesIntoOutputs: false }, session, sessionOptions);
      } catch (cause) {
        throw engineError(cause, 'WebAssembly', 'opened');
      }
    },
  };
}

function webGpuRuntime(ort: OrtWeb, { description }: GpuAdapter): Runtime {
  const device = `webgpu (${description})`;
  return {
    name: nameOf(ort),
    device,
    threads: 1,
    // A GPU is fastest with the whole batch at once.
    partBytes: Number.POSITIVE_INFINITY,
    async open(model, sessionOptions = {}) {
      const carried = Object.keys(sessionOptions.carry ?? {});
      requireArray('runtime: the model', model, 'Uint8Array');
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: ['webgpu'],
          graphOptimizationLevel: 'all',
          logSeverityLevel: 4,
          preferredOutputLocation: Object.fromEntries(carried.map((name) => [name, 'gpu-buffer' as const])),
        });
        return ortSession({ ort, device, writesIntoOutputs: false }, session, sessionOptions);
      } catch (cause) {
        throw engineError(cause, device, 'opened');
      }
    },
  };
}

const nameOf = (ort: OrtWeb) => `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`;
