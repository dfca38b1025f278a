import { describe, expect, it } from 'vitest';
import { measureDemand, quickDemands } from './demands.js';

describe('the memory that is reckoned before a run', () => {
  it.skipIf(process.platform !== 'linux').each(quickDemands)(
    'is what it takes, within a quarter: $network $imageShape',
    async (demand) => {
      const { peakBytes, reckonedBytes } = await measureDemand(demand);
      expect(reckonedBytes / peakBytes).toBeGreaterThan(0.75);
      expect(reckonedBytes / peakBytes).toBeLessThan(1.25);
    },
  );
});
