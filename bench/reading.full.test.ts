import { expect, it } from 'vitest';
import { measureReading } from './reading.js';

it.skipIf(process.platform !== 'linux')(
  'a table is generated and read in turns',
  async () => {
    const { rows, warm } = await measureReading({ bytes: 2e6, rounds: 2 }, undefined);
    expect(rows).toBeGreaterThan(10_000);
    expect(warm.map(({ label }) => label)).toEqual(['ours']);
    for (const { rate, cpuRate, wholeRate, oursToIt } of warm) {
      for (const { min } of [rate, cpuRate, wholeRate]) expect(min).toBeGreaterThan(0);
      expect(oursToIt).toEqual({ median: 1, min: 1, max: 1 });
    }
  },
  120_000,
);
