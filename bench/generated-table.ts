/** The table that the benchmark generates: numbers, categories, and what is learned. */
import { open, statfs } from 'node:fs/promises';
import { randomStream } from '../src/base/random.js';
import { BenchError } from './error.js';

const [NUMBERS, CATEGORIES] = [12, 4];
const NAMES = [
  ['Female', 'Male'],
  ['typical', 'atypical', 'non-anginal', 'asymptomatic'],
  ['normal', 'fixed', 'reversable', ''],
  ['a1', 'b2', 'c3', 'd4', 'e5', 'f6', 'g7', 'h8'],
] as const;
/** Rows that differ; a file repeats them. */
const DIFFERENT_ROWS = 200_000;

export const tableSettings = {
  kind: 'table',
  columns: {
    ...Object.fromEntries(Array.from({ length: NUMBERS }, (_, at) => [`x${at}`, 'number'])),
    ...Object.fromEntries(Array.from({ length: CATEGORIES }, (_, at) => [`c${at}`, 'category'])),
  },
  target: { column: 'ill', positive: '> 0' },
};

/** @throws BenchError when a table of so many bytes, and what is made of it, have no room there */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= 3 * bytes) return;
  throw new BenchError(`bench: "${folder}" has too little room, expected ${3 * bytes} bytes`);
}

/** The table with its categories declared, as a federation's file has it. */
export const declaredTable = {
  ...tableSettings,
  columns: {
    ...tableSettings.columns,
    ...Object.fromEntries(NAMES.map((of, at) => [`c${at}`, of.filter((name) => name !== '')])),
  },
};

/** Numbers of several precisions, some missing; categories; and what is learned. */
export async function generateTable(path: string, bytes: number): Promise<number> {
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
    await handle.write(`${[...Object.keys(tableSettings.columns), 'ill'].join(',')}\n`);
    for (let piece = 0; piece < pieces; piece++) await handle.write(all);
    await handle.write(rest.map((line) => `${line}\n`).join(''));
    await handle.sync();
    return pieces * DIFFERENT_ROWS + rest.length;
  } finally {
    await handle.close();
  }
}
