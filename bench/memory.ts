/**
 * The most memory that a whole run takes, by its number of participants: the command line, mlp, one
 * round of one epoch.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { fashionMnistCache } from '../src/data/images/node/fashion-mnist.js';
import { lastLine } from './contender.js';
import { BenchError } from './error.js';
import { samplePath } from './images.js';
import { peakBytesOf } from './machine.js';

const program = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const participantCounts = [2, 10, 100] as const;
const LOOK_MS = 20;

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
  if (!existsSync(program)) throw new BenchError('bench: there is no dist', { hint: 'npm run build' });
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
  const began = performance.now();
  const child = spawn(process.execPath, [program, 'run', ...data, ...settings, ...length], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString()).slice(-4000);
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let peakBytes = 0;
  // The system keeps the high-water mark: what a look misses is seen by the next one.
  while (child.exitCode === null && child.pid !== undefined) {
    peakBytes = Math.max(peakBytes, (await peakBytesOf(child.pid)) ?? 0);
    await setTimeout(LOOK_MS);
  }
  if ((await ended) !== 0) {
    throw new BenchError(`bench: the run with ${participants} participants failed: ${lastLine(complaint)}`);
  }
  return { participants, peakBytes, seconds: (performance.now() - began) / 1000 };
}

function installedDataset(): string | undefined {
  const folders = ['/usr/share/datasets/fashion-mnist', fashionMnistCache()];
  return folders.find((folder) =>
    ['', '.gz'].some((ending) => existsSync(join(folder, `train-images-idx3-ubyte${ending}`))),
  );
}
