/** All decoders, so many inputs: a sample and a million are the same test. */
import { expect } from 'vitest';
import { slowProcessor } from '../slowness.js';
import { openDecoders } from './decoders.js';
import { fuzz } from './fuzz.js';

export async function fuzzDecoders(inputs: number, seed: number): Promise<void> {
  const { decoders, close } = openDecoders();
  try {
    expect(decoders.reduce((sum, { share }) => sum + share, 0)).toBe(1000);
    const results = await fuzz(decoders, inputs, seed);
    console.table(results);
    const mostMs = 2000 * slowProcessor();
    for (const [name, { accepted, longestMs, mostBytes }] of Object.entries(results)) {
      // Else nothing was tried.
      expect(accepted, name).toBeGreaterThan(0);
      expect(longestMs, name).toBeLessThan(mostMs);
      // Files are read by way of buffers of a size of their own.
      expect(mostBytes, name).toBeLessThan(4 * 2 ** 20);
    }
  } finally {
    close();
  }
}
