/**
 * The memory that a large table takes: `survey` and `run` of the command line on a generated CSV
 * file, whole processes; short runs on half of the rows and on all, and whole ones with workers,
 * epochs and rounds.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inBenchFolder } from './built-product.js';
import { type CommandUse, measureCommand } from './command-use.js';
import { declaredTable, generateTable, requireRoom } from './generated-table.js';

export interface TableRunsPlan {
  readonly bytes: number;
  /** Gigabytes that a run may take. */
  readonly maxMemory: number;
}

export const allTableRuns: TableRunsPlan = { bytes: 1e9, maxMemory: 0.5 };
export const quickTableRuns: TableRunsPlan = { bytes: 1e8, maxMemory: 0.5 };

export interface TableRun extends CommandUse {
  readonly label: string;
  readonly rows: number;
}

export interface TableRunsResult {
  readonly bytes: number;
  readonly maxMemory: number;
  readonly runs: readonly TableRun[];
  /** By the difference of the short runs. */
  readonly bytesOfRow: number;
}

const SHORT = { local: { steps: 40 }, rounds: 1 };
const WHOLE = { local: { epochs: 2 }, rounds: 2 };

/** @throws BenchError when the project is not built, there is no room, or a run fails */
export async function measureTableRuns({ bytes, maxMemory }: TableRunsPlan): Promise<TableRunsResult> {
  return inBenchFolder('tables', async (folder) => {
    await requireRoom(folder, bytes);
    const [half, whole] = [join(folder, 'half.csv'), join(folder, 'table.csv')];
    const halfRows = await generateTable(half, bytes / 2);
    const rows = await generateTable(whole, bytes);
    const memory = ['--max-memory', String(maxMemory)];
    const run = async (label: string, of: string, ofRows: number, length: object, workers: number) => {
      const file = await federationFile(folder, of, length);
      const args = ['run', file, ...memory, '--workers', String(workers), '--out', join(folder, 'run')];
      const use = await measureCommand(args, `${label} on a table`);
      await rm(join(folder, 'run'), { recursive: true });
      return { label, rows: ofRows, ...use };
    };
    const file = await federationFile(folder, whole, SHORT);
    const surveyed = await measureCommand(['survey', file], 'the survey of a table');
    const short = 'run, 40 steps';
    const runs = [
      { label: 'survey', rows, ...surveyed },
      await run(short, half, halfRows, SHORT, 2),
      await run(short, whole, rows, SHORT, 2),
      await run('run, 1 worker, 2 epochs, 2 rounds', whole, rows, WHOLE, 1),
      await run('run, 2 workers, 2 epochs, 2 rounds', whole, rows, WHOLE, 2),
    ] as const;
    const bytesOfRow = (runs[2].peakBytes - runs[1].peakBytes) / (rows - halfRows);
    return { bytes, maxMemory, runs, bytesOfRow };
  });
}

async function federationFile(folder: string, dataset: string, length: object): Promise<string> {
  const path = join(folder, 'federation.json');
  const settings = {
    data: declaredTable,
    dataset,
    partition: { name: 'iid', participants: 2 },
    model: { name: 'mlp', hidden: [32] },
    optimizer: { name: 'adam' },
    batchSize: 2048,
    ...length,
  };
  await writeFile(path, JSON.stringify(settings));
  return path;
}
