/** Reading a large CSV file beside pandas, in turns, each in a process of its own. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inBenchFolder } from './built-product.js';
import { lastLine } from './contender.js';
import { BenchError } from './error.js';
import { generateTable, requireRoom, tableSettings } from './generated-table.js';
import type { PandasPython } from './machine.js';
import { type Sample, sampleOf } from './statistics.js';

const ourScript = fileURLToPath(new URL('reading-process.mjs', import.meta.url));
const pandasScript = fileURLToPath(new URL('read_pandas.py', import.meta.url));

export interface ReadingPlan {
  readonly bytes: number;
  readonly rounds: number;
}

export const allReading: ReadingPlan = { bytes: 1e9, rounds: 7 };
export const quickReading: ReadingPlan = { bytes: 1e8, rounds: 3 };

/** One reading of the file. */
interface Reading {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

interface Reader {
  readonly label: string;
  readonly program: string;
  readonly args: readonly string[];
}

export interface ReadingRow {
  readonly label: string;
  /** Bytes a second, by the clock and by the processor's time; and of the whole process. */
  readonly rate: Sample;
  readonly cpuRate: Sample;
  readonly wholeRate: Sample;
  /** By the processor's time, of each turn: how many times as fast as ours is. */
  readonly oursToIt: Sample;
  readonly peakBytes: number;
}

export interface ReadingResult {
  readonly bytes: number;
  readonly rows: number;
  readonly columns: number;
  readonly warm: readonly ReadingRow[];
  /** After the system's cache has forgotten the file; empty where it cannot be told to. */
  readonly cold: readonly ReadingRow[];
}

/** The first of these Pythons that has pandas. */
export async function findPandas(pythons: readonly string[]): Promise<PandasPython | undefined> {
  for (const python of pythons) {
    const found = await promisify(execFile)(python, ['-c', 'import pandas; print(pandas.__version__)']).then(
      ({ stdout }) => ({ python, version: stdout.trim() }),
      () => undefined,
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * @param python one that has pandas; without, ours stands alone
 * @throws BenchError when the project is not built, there is no room, or a process fails
 */
export async function measureReading(
  { bytes, rounds }: ReadingPlan,
  python: string | undefined,
): Promise<ReadingResult> {
  return inBenchFolder('tables', async (folder) => {
    await requireRoom(folder, bytes);
    const file = join(folder, 'table.csv');
    const rows = await generateTable(file, bytes);
    const readers = readersOf(file, python);
    const warm = await inTurns(readers, file, bytes, rounds, false);
    const canForget = forget(file);
    const cold = canForget ? await inTurns(readers, file, bytes, rounds, true) : [];
    const columns = Object.keys(tableSettings.columns).length + 1;
    return { bytes, rows, columns, warm, cold };
  });
}

function readersOf(file: string, python: string | undefined): readonly Reader[] {
  const args = [ourScript, file, JSON.stringify(tableSettings)];
  const ours = { label: 'ours', program: process.execPath, args };
  if (python === undefined) return [ours];
  return [
    ours,
    { label: 'pandas', program: python, args: [pandasScript, file, 'found'] },
    { label: 'pandas, types declared', program: python, args: [pandasScript, file, 'declared'] },
  ];
}

/** Tells the system to forget what it has of a file, which has been synced. */
const forget = (file: string): boolean =>
  spawnSync('dd', [`if=${file}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' }).status === 0;

/** Every other round goes backwards. */
async function inTurns(
  readers: readonly Reader[],
  file: string,
  bytes: number,
  rounds: number,
  isCold: boolean,
): Promise<readonly ReadingRow[]> {
  const runs = readers.map((): (Reading & { readonly whole: number })[] => []);
  for (let round = 0; round < rounds; round++) {
    const order = [...readers.entries()];
    if (round % 2 === 1) order.reverse();
    for (const [at, reader] of order) {
      if (isCold) forget(file);
      const began = performance.now();
      const reading = await readOnce(reader);
      runs[at]?.push({ ...reading, whole: (performance.now() - began) / 1000 });
    }
  }
  const [ours = []] = runs;
  return runs.map((own, at) => ({
    label: readers[at]?.label ?? '',
    rate: sampleOf(own.map(({ seconds }) => bytes / seconds)),
    cpuRate: sampleOf(own.map(({ cpuSeconds }) => bytes / cpuSeconds)),
    wholeRate: sampleOf(own.map(({ whole }) => bytes / whole)),
    oursToIt: sampleOf(
      own.map(({ cpuSeconds }, round) => cpuSeconds / (ours[round]?.cpuSeconds ?? Number.NaN)),
    ),
    peakBytes: Math.max(...own.map(({ peakBytes }) => peakBytes)),
  }));
}

async function readOnce({ label, program, args }: Reader): Promise<Reading> {
  try {
    const { stdout } = await promisify(execFile)(program, args);
    return JSON.parse(stdout) as Reading;
  } catch (cause) {
    throw new BenchError(`bench: reading by ${label} failed: ${lastLine((cause as Error).message)}`);
  }
}
