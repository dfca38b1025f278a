/**
 * Reading a large CSV file beside pandas, in turns, each in a process of its own; and what memory a
 * run takes for each of its rows.
 */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { randomStream } from '../src/base/random.js';
import { type CommandUse, commandLine, measureCommand } from './command-use.js';
import { lastLine } from './contender.js';
import { BenchError } from './error.js';
import { type Sample, sampleOf } from './statistics.js';

const ourScript = fileURLToPath(new URL('reading-process.mjs', import.meta.url));
const pandasScript = fileURLToPath(new URL('read_pandas.py', import.meta.url));
const [NUMBERS, CATEGORIES] = [12, 4];
const NAMES = [
  ['Female', 'Male'],
  ['typical', 'atypical', 'non-anginal', 'asymptomatic'],
  ['normal', 'fixed', 'reversable', ''],
  ['a1', 'b2', 'c3', 'd4', 'e5', 'f6', 'g7', 'h8'],
] as const;
/** Rows that differ; a file repeats them. */
const DIFFERENT_ROWS = 200_000;

export interface PandasPython {
  readonly python: string;
  readonly version: string;
}

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
  readonly runs: readonly (CommandUse & { readonly rows: number })[];
  /** By the difference of the runs. */
  readonly bytesOfRow: number;
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
  if (!existsSync(commandLine)) throw new BenchError('bench: there is no dist', { hint: 'npm run build' });
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-bench-tables-'));
  try {
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < 3 * bytes) {
      throw new BenchError(`bench: "${folder}" has too little room, expected ${3 * bytes} bytes`);
    }
    const file = join(folder, 'table.csv');
    const rows = await generate(file, bytes);
    const readers = readersOf(file, python);
    const warm = await inTurns(readers, file, bytes, rounds, false);
    const canForget = forget(file);
    const cold = canForget ? await inTurns(readers, file, bytes, rounds, true) : [];
    const half = join(folder, 'half.csv');
    const halfRows = await generate(half, bytes / 2);
    const runs = [
      { rows: halfRows, ...(await measureRun(folder, half)) },
      { rows, ...(await measureRun(folder, file)) },
    ] as const;
    const bytesOfRow = (runs[1].peakBytes - runs[0].peakBytes) / (rows - halfRows);
    const columns = NUMBERS + CATEGORIES + 1;
    return { bytes, rows, columns, warm, cold, runs, bytesOfRow };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const settings = {
  kind: 'table',
  columns: {
    ...Object.fromEntries(Array.from({ length: NUMBERS }, (_, at) => [`x${at}`, 'number'])),
    ...Object.fromEntries(Array.from({ length: CATEGORIES }, (_, at) => [`c${at}`, 'category'])),
  },
  target: { column: 'ill', positive: '> 0' },
};

function readersOf(file: string, python: string | undefined): readonly Reader[] {
  const args = [ourScript, file, JSON.stringify(settings)];
  const ours = { label: 'ours', program: process.execPath, args };
  if (python === undefined) return [ours];
  return [
    ours,
    { label: 'pandas', program: python, args: [pandasScript, file, 'found'] },
    { label: 'pandas, types declared', program: python, args: [pandasScript, file, 'declared'] },
  ];
}

/** Numbers of several precisions, some missing; categories; and what is learned. */
async function generate(path: string, bytes: number): Promise<number> {
  const random = randomStream(0, 'table');
  const written = [
    (x: number) => (10 * x).toFixed(4),
    (x: number) => (random.integer(33) === 0 ? '' : String(Math.trunc(60 + 15 * x))),
    (x: number) => (130 + 20 * x).toFixed(1),
    (x: number) => String(Number(x.toPrecision(6))),
  ];
  const row = () => {
    const numbers = Array.from({ length: NUMBERS }, random.normal);
    const names = NAMES.map((of) => of[random.integer(of.length)]);
    const ill = Number((numbers[0] as number) + (numbers[2] as number) > 0);
    return [...numbers.map((x, at) => written[at % 4]?.(x)), ...names, ill].join(',');
  };
  const lines = Array.from({ length: DIFFERENT_ROWS }, row);
  const all = Buffer.from(`${lines.join('\n')}\n`);
  const pieces = Math.floor(bytes / all.length);
  const rest = lines.slice(0, Math.round(DIFFERENT_ROWS * (bytes / all.length - pieces)));
  const handle = await open(path, 'wx');
  try {
    await handle.write(`${[...Object.keys(settings.columns), 'ill'].join(',')}\n`);
    for (let piece = 0; piece < pieces; piece++) await handle.write(all);
    await handle.write(rest.map((line) => `${line}\n`).join(''));
    await handle.sync();
    return pieces * DIFFERENT_ROWS + rest.length;
  } finally {
    await handle.close();
  }
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

/** A short run whose rows are in a file. */
async function measureRun(folder: string, file: string): Promise<CommandUse> {
  const path = join(folder, 'federation.json');
  const names = Object.fromEntries(NAMES.map((of, at) => [`c${at}`, of.filter((name) => name !== '')]));
  const run = {
    data: { ...settings, columns: { ...settings.columns, ...names } },
    dataset: file,
    partition: { name: 'iid', participants: 2 },
    model: { name: 'mlp', hidden: [32] },
    optimizer: { name: 'adam' },
    batchSize: 512,
    local: { steps: 40 },
    rounds: 1,
  };
  await writeFile(path, JSON.stringify(run));
  const out = join(folder, 'run');
  await mkdir(out, { recursive: true });
  try {
    return await measureCommand(['run', path, '--max-memory', '0.5', '--out', out], 'the run on a table');
  } finally {
    await rm(out, { recursive: true });
  }
}
