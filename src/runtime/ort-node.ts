/** ONNX Runtime in Node, at native speed. */
import * as ort from 'onnxruntime-node';
import { ortSession } from './ort-session.js';
import { type Runtime, RuntimeError } from './runtime.js';

export function ortNode(): Runtime {
  return {
    name: `onnxruntime-node ${ort.env.versions.node}`,
    device: 'cpu',
    async open(model, { threads = 1 } = {}) {
      try {
        const session = await ort.InferenceSession.create(model, {
          executionProviders: ['cpu'],
          intraOpNumThreads: threads,
          interOpNumThreads: 1,
          graphOptimizationLevel: 'all',
          logSeverityLevel: 3,
          // Idle threads must not spin: other participants need the core.
          extra: {
            session: { intra_op: { allow_spinning: threads > 1 ? '1' : '0' }, set_denormal_as_zero: '1' },
          },
        });
        return ortSession(ort, session, true);
      } catch (cause) {
        throw new RuntimeError(`runtime: the model cannot be opened: ${(cause as Error).message}`, { cause });
      }
    },
  };
}
