/**
 * ONNX Runtime in a browser: on WebGPU, with the carried values kept there, or as WebAssembly
 * (which Node can run too). The package `onnxruntime-web` is an optional peer: only those who train
 * in a page install it.
 */
import type { Env, InferenceSessionFactory } from 'onnxruntime-common';
import { requireArray } from '../../../tensor/arrays.js';
import { engineError } from '../engine-error.js';
import { type Ort, ortSession } from '../ort-session.js';
import { checkThreads, partBytesOf, type Runtime, RuntimeError } from '../runtime.js';
import { type GpuAdapter, gpuAdapter } from './web-gpu.js';

/**
 * What `import('onnxruntime-web/webgpu')` gives, or `import('onnxruntime-web/wasm')` for
 * WebAssembly alone.
 */
export interface OrtWeb extends Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly env: Env;
}

export interface OrtWebOptions {
  /**
   * `auto`, the default, takes a GPU where there is a real one: a software adapter is slower than
   * WebAssembly.
   */
  readonly device?: 'auto' | 'wasm' | 'webgpu';
  /**
   * Of WebAssembly; by default, all that the page has. They are started once: every runtime of a
   * page shares the number of the first.
   */
  readonly threads?: number;
}

/** @throws RuntimeError when the device that is asked for is not there, or has fewer threads. */
export async function ortWeb(ort: OrtWeb, options: OrtWebOptions = {}): Promise<Runtime> {
  const adapter = await chooseAdapter(options.device ?? 'auto');
  return adapter === undefined ? wasmRuntime(ort, options) : webGpuRuntime(ort, adapter);
}

/** Undefined for WebAssembly. @throws RuntimeError when a GPU is asked for, and there is none. */
export async function chooseAdapter(device: 'auto' | 'wasm' | 'webgpu'): Promise<GpuAdapter | undefined> {
  if (device === 'wasm') return undefined;
  const adapter = await gpuAdapter();
  if (device === 'auto') return adapter?.software === false ? adapter : undefined;
  if (adapter !== undefined) return adapter;
  throw new RuntimeError('runtime: WebGPU is asked for, but this browser offers no adapter', {
    hint: 'choose the device "wasm", or "auto"; WebGPU needs a page from https or localhost',
  });
}

function wasmRuntime(ort: OrtWeb, options: OrtWebOptions): Runtime {
  // Threads share memory, which a page may only do where it is isolated from those of other
  // origins. Node is no page.
  const isolated = globalThis.crossOriginIsolated ?? true;
  const available = isolated ? (globalThis.navigator?.hardwareConcurrency ?? 1) : 1;
  const { threads = available } = options;
  if (!isolated && threads > 1) {
    throw new RuntimeError(
      `runtime: ${threads} threads are asked for, but WebAssembly has 1 on a page that is not cross-origin isolated`,
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
    // A GPU wants a batch at once.
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
