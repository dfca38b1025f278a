import { expect, it } from 'vitest';
import { measureReading } from './reading.js';

it.skipIf(process.platform !== 'linux')(
  'a table is generated, read in turns, and trained on',
  async () => {
    const { rows, warm, runs } = await measureReading({ bytes: 2e6, rounds: 2 }, undefined);
    expect(rows).toBeGreaterThan(10_000);
    expect(warm.map(({ label }) => label)).toEqual(['ours']);
    for (const { rate, cpuRate, wholeRate, oursToIt } of warm) {
      for (const { min } of [rate, cpuRate, wholeRate]) expect(min).toBeGreaterThan(0);
      expect(oursToIt).toEqual({ median: 1, min: 1, max: 1 });
    }
    expect(Math.abs((runs[0]?.rows ?? 0) - rows / 2)).toBeLessThan(2);
    for (const { peakBytes } of runs) expect(peakBytes).toBeGreaterThan(1e7);
  },
  120_000,
);
