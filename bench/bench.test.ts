import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { itAtLength } from '../test/every-case.js';
import { checkoutAt, measureAgainst } from './against.js';
import { type Contender, inTurns, sideBySide } from './contender.js';
import { networkNames, trainingFlops } from './networks.js';
import { descendants, stateIn } from './process-tree.js';
import type { ReadingRow } from './reading.js';
import { quantile, ratio, sampleOf } from './statistics.js';
import { bestPeer, measureSteps, type StepsRow, wasBusy } from './steps.js';
import {
  againstTable,
  compileTable,
  mergingTable,
  photosTable,
  readingTable,
  stepsTable,
  tableRunsTable,
} from './tables.js';

const exactly = (value: number) => sampleOf([value]);

it('a sample is the median, and between what values it lies', () => {
  expect(sampleOf([5, 1, 3])).toEqual({ median: 3, min: 1, max: 5 });
  expect(sampleOf([4, 1, 2, 8])).toEqual({ median: 3, min: 1, max: 8 });
  expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
  expect(quantile([10, 20], 0.25)).toBe(12.5);
  expect(() => sampleOf([])).toThrow('of no values');
});

it('a ratio is that of medians, whatever the outliers', () => {
  expect(ratio(sampleOf([1, 6, 1000]), sampleOf([2, 3, 4]))).toBe(2);
});

it('contenders take turns, every other round backwards, and none sees the rate of another', async () => {
  const calls: string[] = [];
  const contender = (label: string, rate: number): Contender => ({
    label,
    async slice(seconds) {
      calls.push(`${label}${seconds}`);
      return rate + calls.length / 100;
    },
    async close() {},
  });
  const rates = await inTurns([contender('a', 1), contender('b', 2), contender('c', 3)], 2, 5);
  expect(calls).toEqual(['a5', 'b5', 'c5', 'c5', 'b5', 'a5']);
  expect(rates).toEqual([
    [1.01, 1.06],
    [2.02, 2.05],
    [3.03, 3.04],
  ]);
  const pair = sideBySide('pair', [contender('a', 1), contender('b', 2)]);
  expect(Math.floor(await pair.slice(1))).toBe(3);
});

it('an image of paper-cnn costs 90.5 MFLOP, and every network has its price', () => {
  // Multiplications: conv1 28²·128·9 twice, conv2 14²·64·128·9 and fc 3136·10 three times.
  const multiplications = 2 * 28 ** 2 * 128 * 9 + 3 * (14 ** 2 * 64 * 128 * 9 + 3136 * 10);
  expect(trainingFlops('paper-cnn')).toBe(2 * multiplications);
  for (const name of networkNames) expect(trainingFlops(name)).toBeGreaterThan(1e5);
});

const rows: StepsRow[] = [
  { who: 'ours', label: 'ours, 1 thread', cores: 1, imagesPerSecond: exactly(300) },
  { who: 'ours', label: 'ours, 2 threads', cores: 2, imagesPerSecond: exactly(500) },
  { who: 'PyTorch', label: 'old', cores: 1, imagesPerSecond: exactly(100) },
  { who: 'PyTorch', label: 'new', cores: 1, imagesPerSecond: exactly(200) },
];
const product = [
  { label: 'product', cores: 1, gigaflops: exactly(60) },
  { label: 'product', cores: 2, gigaflops: exactly(100) },
] as const;

it('ours is compared with the best peer of as many cores, and with the roofline of as many', () => {
  expect(bestPeer(rows, 1)?.median).toBe(200);
  expect(bestPeer(rows, 2)).toBeUndefined();
  const lines = stepsTable({ network: 'mlp', batchSize: 64, flopsPerImage: 1e8, rows, product }).split('\n');
  const cellsOf = (label: string) =>
    lines
      .find((line) => line.startsWith(label))
      ?.slice(label.length)
      .trim()
      .split(/ +/);
  expect(cellsOf('ours, 1 thread')).toEqual(['300', '300–300', '1.50×', '50%']);
  expect(cellsOf('ours, 2 threads')).toEqual(['500', '500–500', '–', '50%']);
  expect(cellsOf('old')).toEqual(['100', '100–100', '17%']);
});

it('two cores are not compared where something else took one of them', () => {
  const taken = [product[0], { ...product[1], gigaflops: exactly(70) }];
  expect([wasBusy(product), wasBusy(taken)]).toEqual([false, true]);
  const text = stepsTable({ network: 'mlp', batchSize: 64, flopsPerImage: 1e8, rows, product: taken });
  expect(text).toMatch(/^ours, 1 thread .* 1\.50× +50%$/m);
  expect(text).toMatch(/^ours, 2 threads .* busy +busy$/m);
  expect(text).toMatch(/^busy: /m);
});

it('a merge is compared with reading and writing the same files', () => {
  const row = { files: 2, fileBytes: 1e8, peakBytes: 5e7 };
  const text = mergingTable([
    { ...row, strategy: 'none', seconds: exactly(0.2) },
    { ...row, strategy: 'mean', seconds: exactly(0.5) },
    { ...row, files: 10, strategy: 'mean', seconds: exactly(1) },
  ]);
  expect(text).toMatch(/mean +0\.50 +0\.50–0\.50 +400\.0 MB +2\.50× +50\.0 MB/);
  expect(text).toMatch(/mean +1\.00 .* – +50\.0 MB/);
});

it('a plan that grows with the batch shows', () => {
  const [compileMs, openMs] = [exactly(1), exactly(2)];
  expect(compileTable([{ network: 'mlp', compileMs, openMs, planBytes: [1000, 1500, 1250] }])).toMatch(
    /1\.500×$/,
  );
});

it('a tiny comparison runs, in processes of its own', async () => {
  const options = { batchSize: 8, pyTorches: [], rounds: 1, sliceSeconds: 0.01, tell: () => {} };
  const result = await measureSteps('mlp', options);
  expect(result.rows.map(({ label }) => label)).toEqual([
    'ours, 1 thread',
    'ours, 2 threads',
    'ours, 2 participants',
  ]);
  expect(result.product).toHaveLength(3);
  for (const { imagesPerSecond } of result.rows) expect(imagesPerSecond.min).toBeGreaterThan(0);
});

itAtLength('the steps of another checkout take turns with ours', async () => {
  // This one, which is as fast as itself.
  const checkout = checkoutAt(fileURLToPath(new URL('..', import.meta.url)));
  const { rows, ...of } = await measureAgainst('mlp', checkout, {
    batchSize: 8,
    rounds: 1,
    sliceSeconds: 0.01,
  });
  expect(of).toEqual({ network: 'mlp', batchSize: 8 });
  expect(rows.map(({ label }) => label)).toEqual(['1 thread', '2 participants']);
  for (const { ours, theirs } of rows) expect(Math.min(ours.min, theirs.min)).toBeGreaterThan(0);
  expect(() => checkoutAt('/nowhere')).toThrow('"/nowhere" has no bench/contender-process.ts');
});

it('a ratio to another checkout is given to a thousandth', () => {
  const row = { label: '1 thread', ours: exactly(985), theirs: exactly(1000) };
  expect(againstTable({ network: 'mlp', batchSize: 64, rows: [row] })).toContain('0.985×');
});

it('a reading is compared with pandas turn by turn', () => {
  const row = (label: string, oursToIt: readonly number[]): ReadingRow => ({
    label,
    rate: exactly(2e8),
    cpuRate: exactly(1e8),
    wholeRate: exactly(5e7),
    oursToIt: sampleOf(oursToIt),
    peakBytes: 3e8,
  });
  const text = readingTable({
    bytes: 1e9,
    rows: 1e7,
    columns: 17,
    warm: [row('ours', [1, 1, 1]), row('pandas', [0.9, 1.2, 0.8])],
    cold: [],
  });
  expect(text).toMatch(/^ours +200 +100 +50 +2,000,000 +300\.0 MB$/m);
  expect(text).toMatch(/^pandas .* 0\.90, 0\.80, 1\.20$/m);
  expect(text).not.toContain('from the disk');
});

it('the processes of a run are counted together, and no others', () => {
  const stat = (pid: number, parent: number) =>
    stateIn(pid, `${pid} (a (b) c) S ${parent} 1 1 0 -1 0 0 0 0 0 100 20 3 7 20 0 1 0`);
  const all = [stat(1, 0), stat(5, 1), stat(6, 5), stat(7, 5), stat(8, 7), stat(9, 1)].map((one) => one!);
  expect(descendants(all, 5).map(({ pid }) => pid)).toEqual([5, 6, 7, 8]);
  expect(all[0]).toEqual({ pid: 1, parent: 0, cpuSeconds: 1.3 });
  expect(descendants(all, 10)).toEqual([]);
  expect(stateIn(11, '')).toBeUndefined();
});

const use = { peakBytes: 4e8, mainPeakBytes: 3e8, seconds: 9, cpuSeconds: 8, said: [] };

it('the memory of a run on a table is told by row', () => {
  const run = { ...use, label: 'survey', rows: 5e6 };
  const text = tableRunsTable({ bytes: 1e9, maxMemory: 0.5, runs: [run], bytesOfRow: 30 });
  expect(text).toMatch(/30 bytes for each row more/);
  expect(text).toMatch(/^survey +5,000,000 +400\.0 MB +9\.0 +8\.0$/m);
});

it('a run on photos is told with what it said of them', () => {
  const text = photosTable({ ...use, photos: 120, notices: ['data: one was left out'] });
  expect(text).toMatch(/all processes +400\.0 MB$/m);
  expect(text).toMatch(/data: one was left out$/);
});
