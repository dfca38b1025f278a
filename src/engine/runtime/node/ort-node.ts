/** ONNX Runtime in Node, at native speed. */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { requireArray } from '../../../tensor/arrays.js';
import { engineError } from '../engine-error.js';
import { ortSession } from '../ort-session.js';
import { checkThreads, partBytesOf, type Runtime } from '../runtime.js';
import { expectToFree, freeArray } from './free-array.js';

// By `import` its twenty CommonJS files would be read for their names first: a third of the time in
// which a thread starts.
export const nativeOrt: typeof import('onnxruntime-node') = createRequire(import.meta.url)(
  'onnxruntime-node',
);

export const nativeName = () => `onnxruntime-node ${nativeOrt.env.versions.node}`;

/** @throws RuntimeError when more threads are requested than there are cores. */
export function ortNode({ threads = 1 } = {}): Runtime {
  const device = 'cpu';
  checkThreads(threads, `the ${device}`, availableParallelism());
  return {
    name: nativeName(),
    device,
    threads,
    partBytes: partBytesOf(threads),
    async open(model, options = {}) {
      requireArray('runtime: the model', model, 'Uint8Array');
      try {
        const session = await nativeOrt.InferenceSession.create(model, {
          executionProviders: ['cpu'],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          graphOptimizationLevel: 'all',
          logSeverityLevel: 4,
          // Idle threads must not spin: other participants need the core.
          extra: {
            session: { intra_op: { allow_spinning: threads > 1 ? '1' : '0' }, set_denormal_as_zero: '1' },
          },
        });
        const memory = { free: freeArray, expectToFree };
        const engine = { ort: nativeOrt, device: `the ${device}`, writesIntoOutputs: true, memory };
        return ortSession(engine, session, options);
      } catch (cause) {
        throw engineError(cause, `the ${device}`, 'opened');
      }
    },
  };
}
