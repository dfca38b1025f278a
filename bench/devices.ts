/** Images a second of whole training steps on a GPU, beside those of the processor's cores. */
import { chooseGpu } from '../src/engine/runtime/node/find-gpu.js';
import { inTurns, ourContender, sideBySide } from './contender.js';
import type { NetworkName } from './networks.js';
import type { VariantOptions } from './pytorch.js';
import { type Sample, sampleOf } from './statistics.js';

export interface DevicesResult {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly gpu: string;
  readonly rows: readonly { readonly label: string; readonly imagesPerSecond: Sample }[];
}

/** The GPU in hardware, if there is one: one in software says nothing about speed. */
export const measuredGpu = () => chooseGpu('auto');

export async function measureDevices(
  network: NetworkName,
  gpu: string,
  {
    batchSize,
    rounds,
    sliceSeconds,
  }: Pick<VariantOptions, 'batchSize' | 'sliceSeconds'> & { rounds: number },
): Promise<DevicesResult> {
  const training = (device: number | 'webgpu', label: string) =>
    ourContender(label, ['training', network, batchSize, device]);
  const contenders = [
    await training('webgpu', `webgpu (${gpu})`),
    await training(1, 'cpu, 1 thread'),
    sideBySide('cpu, 2 participants', [await training(1, 'participant'), await training(1, 'participant')]),
  ];
  try {
    const rates = await inTurns(contenders, rounds, sliceSeconds);
    const rows = contenders.map(({ label }, at) => ({ label, imagesPerSecond: sampleOf(rates[at] ?? []) }));
    return { network, batchSize, gpu, rows };
  } finally {
    for (const contender of contenders) await contender.close();
  }
}
