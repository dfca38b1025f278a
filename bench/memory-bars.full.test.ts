import { describe, expect, it } from 'vitest';
import { measureAdapters, quickAdapters } from './adapters.js';
import type { CommandUse } from './command-use.js';
import { measurePhotos } from './photos.js';
import { measurePictures } from './pictures.js';
import { measureTableRuns } from './table-runs.js';

function expectMeasured({ peakBytes, mainPeakBytes, seconds, cpuSeconds }: CommandUse): void {
  expect(mainPeakBytes).toBeGreaterThan(5e7);
  expect(peakBytes).toBeGreaterThanOrEqual(mainPeakBytes);
  expect(Math.min(seconds, cpuSeconds)).toBeGreaterThan(0);
}

describe.skipIf(process.platform !== 'linux')('the memory of whole runs', () => {
  it('on photos, one of them damaged, which is said in a few lines', async () => {
    const result = await measurePhotos({ photos: 60, shrink: 10 });
    expectMeasured(result);
    expect(result.notices.join('\n')).toContain('0.jpg');
    expect(result.notices.length).toBeLessThanOrEqual(5);
  }, 300_000);

  it('on many pictures, in a file and in memory', async () => {
    const { runs } = await measurePictures({ pictures: 4000, steps: 1, pairs: 1 });
    expect(runs.map(({ way }) => way)).toEqual(['file', 'memory']);
    for (const run of runs) expectMeasured(run);
  }, 900_000);

  it('of a participant that trains adapters', async () => {
    const { modelBytes, updateBytes, ...use } = await measureAdapters(quickAdapters);
    expectMeasured(use);
    expect(updateBytes).toBeLessThan(modelBytes / 4);
  }, 300_000);

  it('on a table, by workers, epochs and rounds', async () => {
    const { runs } = await measureTableRuns({ bytes: 2e6, maxMemory: 0.5 });
    expect(runs).toHaveLength(5);
    expect(Math.abs((runs[1]?.rows ?? 0) - (runs[2]?.rows ?? 0) / 2)).toBeLessThan(2);
    for (const run of runs) expectMeasured(run);
  }, 300_000);
});
