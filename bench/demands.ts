/**
 * The memory that runs take, beside what is reckoned before they begin
 * (`federation/plan/demands.ts`).
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { NetworkName } from './networks.js';

export interface Demand {
  readonly network: NetworkName;
  readonly imageShape: readonly [channels: number, height: number, width: number];
  readonly batchSize: number;
  readonly optimizer: 'sgd' | 'adam';
  readonly workers: number;
  readonly participants: number;
}

export interface DemandRow extends Demand {
  readonly peakBytes: number;
  readonly reckonedBytes: number;
}

const GREY = [1, 28, 28] as const;
const COLOUR = [3, 32, 32] as const;
const MIDDLE = [3, 96, 96] as const;
const two = { batchSize: 64, optimizer: 'sgd', workers: 1, participants: 2 } as const;

/** Seconds each. */
export const quickDemands: readonly Demand[] = [
  { ...two, network: 'paper-cnn', imageShape: GREY, workers: 2 },
];

/** Minutes in all, and up to 5 GB. */
export const allDemands: readonly Demand[] = [
  ...quickDemands,
  { ...two, network: 'mlp', imageShape: [3, 64, 64], optimizer: 'adam', batchSize: 16 },
  { ...two, network: 'mlp', imageShape: GREY },
  { ...two, network: 'mlp', imageShape: MIDDLE, optimizer: 'adam', batchSize: 16 },
  { ...two, network: 'lenet5', imageShape: GREY },
  { ...two, network: 'paper-cnn', imageShape: GREY },
  { ...two, network: 'resnet8', imageShape: COLOUR },
  { ...two, network: 'mlp', imageShape: MIDDLE, batchSize: 16, participants: 6 },
  { ...two, network: 'mlp', imageShape: MIDDLE, batchSize: 16, workers: 2 },
  { ...two, network: 'lenet5', imageShape: MIDDLE, optimizer: 'adam' },
  { ...two, network: 'paper-cnn', imageShape: MIDDLE, batchSize: 16 },
  { ...two, network: 'resnet8', imageShape: MIDDLE, batchSize: 16 },
  { ...two, network: 'paper-cnn', imageShape: [3, 192, 192], batchSize: 8, optimizer: 'adam' },
  { ...two, network: 'resnet8', imageShape: [3, 128, 128], batchSize: 16 },
  { ...two, network: 'mlp', imageShape: [3, 192, 256], batchSize: 8 },
  { ...two, network: 'lenet5', imageShape: [3, 384, 512], batchSize: 4 },
];

/**
 * One after the other, each in a process of its own; the project is built, for workers are
 * compiled.
 */
export async function measureDemand(demand: Demand): Promise<DemandRow> {
  const script = fileURLToPath(new URL('./demands-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', 'tsx', script, JSON.stringify(demand)],
  ]);
  return { ...demand, ...JSON.parse(stdout) };
}
