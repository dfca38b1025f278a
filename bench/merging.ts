/**
 * Merging files, against reading the same files and writing as much as the result, which no merge
 * can do without.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, open, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { byteSize } from '../src/report/numbers.js';
import { formatSafetensorsHeader, type SafetensorsEntry } from '../src/tensor/safetensors-header.js';
import { type Sample, sampleOf } from './statistics.js';

export interface MergingRow {
  readonly files: number;
  readonly fileBytes: number;
  /** "none" reads and writes only. */
  readonly strategy: (typeof strategies)[number];
  readonly seconds: Sample;
  readonly peakBytes: number;
}

const strategies = ['none', 'mean', 'absmax'] as const;
/** Each file of so many tensors of 4 MB. */
const TENSOR_BYTES = 4_000_000;
const sizes = { '100 MB': 25, '1 GB': 250 };
/** Left free on the disk. */
const SPARE_BYTES = 2e9;

export interface MergingOptions {
  readonly quick: boolean;
  readonly tell: (note: string) => void;
}

export async function measureMerging({ quick, tell }: MergingOptions): Promise<readonly MergingRow[]> {
  const rows: MergingRow[] = [];
  for (const tensors of quick ? [sizes['100 MB']] : Object.values(sizes)) {
    for (const files of [2, 10]) {
      const needed = (files + 2) * tensors * TENSOR_BYTES + SPARE_BYTES;
      const { bavail, bsize } = await statfs(tmpdir());
      if (bavail * bsize < needed) {
        const what = `${files} files of ${byteSize(tensors * TENSOR_BYTES)}`;
        tell(
          `${what} are left out: ${tmpdir()} has ${byteSize(bavail * bsize)} free, needed ${byteSize(needed)}`,
        );
        continue;
      }
      rows.push(...(await measureCase(files, tensors, quick || tensors > sizes['100 MB'] ? 3 : 5)));
    }
  }
  return rows;
}

async function measureCase(files: number, tensors: number, rounds: number): Promise<readonly MergingRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-merging-'));
  try {
    const inputs = Array.from({ length: files }, (_, index) => join(folder, `${index}.safetensors`));
    for (const [index, path] of inputs.entries()) await writeModel(path, tensors, index);
    const measured = strategies.map((strategy) => ({
      strategy,
      seconds: [] as number[],
      peaks: [] as number[],
    }));
    for (let round = 0; round < rounds; round++) {
      for (const { strategy, seconds, peaks } of measured) {
        const one = await runOnce(strategy, join(folder, 'output.safetensors'), inputs);
        seconds.push(one.seconds);
        peaks.push(one.peakBytes);
      }
    }
    return measured.map(({ strategy, seconds, peaks }) => ({
      files,
      fileBytes: tensors * TENSOR_BYTES,
      strategy,
      seconds: sampleOf(seconds),
      peakBytes: Math.max(...peaks),
    }));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/**
 * Synced, so that the disk is quiet afterwards. Numbers differ from file to file and from tensor to
 * tensor.
 */
async function writeModel(path: string, tensors: number, seed: number): Promise<void> {
  const values = TENSOR_BYTES / 4;
  const entries = Array.from(
    { length: tensors },
    (_, index): SafetensorsEntry => ({
      name: `layer${index}.weight`,
      dtype: 'F32',
      shape: [values / 1000, 1000],
      begin: index * TENSOR_BYTES,
      end: (index + 1) * TENSOR_BYTES,
    }),
  );
  let random = seed + 1;
  const block = Float32Array.from({ length: values }, () => {
    random = (Math.imul(random, 1664525) + 1013904223) | 0;
    return random / 2 ** 33;
  });
  const handle = await open(path, 'wx');
  try {
    await handle.write(formatSafetensorsHeader(entries, {}));
    for (let tensor = 0; tensor < tensors; tensor++) {
      // Another place of the same numbers comes first in every tensor.
      const start = (tensor * 40_009) % values;
      for (const part of [block.subarray(start), block.subarray(0, start)]) {
        if (part.length > 0)
          await handle.write(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      }
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function runOnce(strategy: string, output: string, inputs: readonly string[]) {
  const script = fileURLToPath(new URL('merging-process.ts', import.meta.url));
  const args = ['--import', 'tsx', script, strategy, output, ...inputs];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as { readonly seconds: number; readonly peakBytes: number };
}
