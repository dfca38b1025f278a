/**
 * The most memory that a whole run takes, by its number of participants: the command line, mlp, one
 * round of one epoch.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fashionMnistCache } from '../src/data/images/node/fashion-mnist.js';
import { requireBuilt } from './built-product.js';
import { measureCommand } from './command-use.js';
import { samplePath } from './images.js';

const participantCounts = [2, 10, 100] as const;

export interface MemoryRow {
  readonly participants: number;
  readonly peakBytes: number;
  readonly seconds: number;
}

export interface MemoryResult {
  readonly dataset: string;
  readonly rows: readonly MemoryRow[];
}

/** @throws BenchError when the project is not built, or a run fails. */
export async function measureMemory(quick: boolean): Promise<MemoryResult> {
  requireBuilt();
  const folder = quick ? undefined : installedDataset();
  const data =
    folder === undefined ? ['--dataset', samplePath] : ['--dataset', 'fashion-mnist', '--data-dir', folder];
  const rows: MemoryRow[] = [];
  for (const participants of participantCounts) rows.push(await measureRun(participants, data));
  return { dataset: folder === undefined ? 'the sample of 1,280 images' : 'Fashion-MNIST', rows };
}

async function measureRun(participants: number, data: readonly string[]): Promise<MemoryRow> {
  const settings = ['--network', 'mlp', '--partition', 'iid', '--participants', String(participants)];
  const length = ['--rounds', '1', '--epochs', '1', '--batch-size', '64'];
  const { peakBytes, seconds } = await measureCommand(
    ['run', ...data, ...settings, ...length],
    `the run with ${participants} participants`,
  );
  return { participants, peakBytes, seconds };
}

function installedDataset(): string | undefined {
  const folders = ['/usr/share/datasets/fashion-mnist', fashionMnistCache()];
  return folders.find((folder) =>
    ['', '.gz'].some((ending) => existsSync(join(folder, `train-images-idx3-ubyte${ending}`))),
  );
}
