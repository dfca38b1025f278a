/**
 * ONNX Runtime as WebAssembly, in a browser (and, for tests, in Node). The package `onnxruntime-web` is an optional peer:
 * only those who train in a page install it.
 */
import type { Env, InferenceSessionFactory } from 'onnxruntime-common';
import { type Ort, ortSession } from './ort-session.js';
import { type Runtime, RuntimeError } from './runtime.js';

/** What `import('onnxruntime-web')` gives. */
export interface OrtWeb extends Ort {
  readonly InferenceSession: InferenceSessionFactory;
  readonly env: Env;
}

/**
 * The runtime on a loaded package: `ortWeb(await import('onnxruntime-web/wasm'))`. The number of threads is that of the
 * first session: WebAssembly starts its threads once, and has only one where the page is not cross-origin isolated.
 */
export function ortWeb(ort: OrtWeb): Runtime {
  return {
    name: `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}`,
    device: 'wasm',
    async open(model, { threads = 1 } = {}) {
      ort.env.wasm.numThreads = threads;
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: ['wasm'],
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
        });
        return ortSession(ort, session, false);
      } catch (cause) {
        throw new RuntimeError(`runtime: the model cannot be opened: ${(cause as Error).message}`, { cause });
      }
    },
  };
}
