/**
 * ONNX Runtime in Node on a GPU, by WebGPU. Carried values stay in buffers of the GPU from run to
 * run. One thread uses the GPU: it computes one operation at a time in any case.
 */
import type { Tensor as OrtTensor } from 'onnxruntime-common';
import { requireArray } from '../../../tensor/arrays.js';
import type { Tensor } from '../../../tensor/tensor.js';
import * as g from '../../graph/build.js';
import { lower } from '../../onnx/lower/lower.js';
import { engineError } from '../engine-error.js';
import type { GpuAdapter } from '../gpu-adapter.js';
import { ortSession } from '../ort-session.js';
import { type Runtime, RuntimeError } from '../runtime.js';
import { nativeName, nativeOrt } from './ort-node.js';

/** @param adapter as `findGpu` has found it */
export function ortNodeGpu({ description }: GpuAdapter): Runtime {
  const device = `webgpu (${description})`;
  const beside = 'cpu';
  return {
    name: nativeName(),
    device,
    threads: 1,
    // A GPU is fastest with the whole batch at once.
    partBytes: Number.POSITIVE_INFINITY,
    async open(model, options = {}) {
      requireArray('runtime: the model', model, 'Uint8Array');
      try {
        const session = await openOnGpu(model, Object.keys(options.carry ?? {}));
        const copies = copiesFromGpu();
        const engine = {
          ...{ ort: nativeOrt, device, beside, writesIntoOutputs: false },
          download: copies.download,
        };
        const opened = ortSession(engine, session, options);
        return {
          ...opened,
          async release() {
            await opened.release();
            await copies.release();
          },
        };
      } catch (cause) {
        throw engineError(cause, device, 'opened', beside);
      }
    },
  };
}

/** @param staying the outputs that stay in buffers of the GPU */
export function openOnGpu(model: Uint8Array, staying: readonly string[]) {
  // What fails is said by the error alone.
  nativeOrt.env.logLevel = 'fatal';
  return nativeOrt.InferenceSession.create(model, {
    executionProviders: ['webgpu'],
    interOpNumThreads: 1,
    intraOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    preferredOutputLocation: Object.fromEntries(staying.map((name) => [name, 'gpu-buffer' as const])),
    extra: { session: { intra_op: { allow_spinning: '0' }, set_denormal_as_zero: '1' } },
  });
}

/**
 * Copies values of the GPU into memory. The native engine has no call for that (`getData` ends the
 * process), but it copies what a model gives: so a model gives what it is given.
 */
function copiesFromGpu() {
  const sessions = new Map<string, ReturnType<typeof openOnGpu>>();
  return {
    async download(value: OrtTensor): Promise<Tensor['data']> {
      if (value.type !== 'float32') throw new RuntimeError(`runtime: a carried ${value.type} cannot be read`);
      const shape = value.dims.join();
      const session = sessions.get(shape) ?? openOnGpu(copying(value.dims), []);
      sessions.set(shape, session);
      const { copy } = await (await session).run({ value });
      return copy?.data as Float32Array;
    },
    async release(): Promise<void> {
      for (const session of sessions.values()) await (await session).release();
    },
  };
}

const copying = (shape: readonly number[]) => lower({ outputs: { copy: g.input('value', [...shape]) } });
