/**
 * Chooses the device that does the work of a federation on this machine, and asks it for the memory
 * before any is used. Node only.
 */

import type { Plan } from '../../../engine/nn/plan.js';
import type { GpuAdapter } from '../../../engine/runtime/gpu-adapter.js';
import { chooseGpu, grantedByGpu, type NodeDevice } from '../../../engine/runtime/node/find-gpu.js';
import { ortNodeGpu } from '../../../engine/runtime/node/ort-node-gpu.js';
import type { Configuration } from '../../../protocol/configuration/configuration.js';
import { FederationError } from '../../error.js';
import { planCutFor } from '../compile-federation.js';
import { demandedOnGpu, gigabytes } from '../demands.js';
import type { Learner } from '../learner.js';

export interface DeviceOptions {
  /** `auto` by default: a GPU in hardware, if there is one that has the memory; else the CPU. */
  readonly device?: NodeDevice | undefined;
  /** The number of threads, if it was chosen: they are the CPU's. */
  readonly workers?: number | undefined;
  /** The most memory that a GPU may take which computes on the CPU. */
  readonly mostBytes: number;
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/**
 * Undefined for the CPU.
 * @throws CommonweightError when a GPU is requested, and there is none, or it has too little memory
 */
export async function gpuFor(
  configuration: Configuration,
  learner: Learner,
  { device = 'auto', workers, mostBytes, onNotice }: DeviceOptions,
): Promise<GpuAdapter | undefined> {
  if (device === 'auto' && workers !== undefined) return undefined;
  const gpu = await chooseGpu(device);
  if (gpu === undefined) return undefined;
  if (workers !== undefined && workers > 1) {
    throw new FederationError(`federation: ${workers} workers are requested, but a GPU has one`, {
      hint: 'leave out --workers, or choose --device cpu',
    });
  }
  const demanded = demandedOnGpu(configuration, learner);
  const granted = gpu.software && demanded > mostBytes ? mostBytes : await grantedByGpu(demanded);
  if (granted >= demanded) return gpu;
  const { device: name } = ortNodeGpu(gpu);
  const lacking = `${name} gives ${gigabytes(granted)} of memory, but the network "${configuration.model.name}" would need some ${gigabytes(demanded)} there, with ${configuration.batchSize} examples in a batch`;
  if (device === 'auto') {
    onNotice?.(`${lacking}; so the cpu computes`);
    return undefined;
  }
  throw new FederationError(`federation: ${lacking}`, { hint: fitting(configuration, learner, granted) });
}

/** What would fit. */
function fitting(configuration: Configuration, learner: Learner, granted: number): string {
  for (let batchSize = Math.floor(configuration.batchSize / 2); batchSize >= 1; batchSize >>= 1) {
    const demanded = demandedOnGpu({ ...configuration, batchSize }, learner);
    if (demanded <= granted) {
      return `a batch of ${batchSize} would need some ${gigabytes(demanded)}; or choose --device cpu`;
    }
  }
  return 'not even a batch of 1 would fit; choose a smaller network, or --device cpu';
}

/** The plan for a GPU: the batch as one part. */
export const planOnGpu = (configuration: Configuration, learner: Learner, gpu: GpuAdapter): Plan =>
  planCutFor({ configuration, ...learner }, ortNodeGpu(gpu).partBytes);
