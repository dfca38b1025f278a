/** So many inputs for a set of decoders: a sample and a million are the same test. */
import { expect } from 'vitest';
import { slowProcessor } from '../slowness.js';
import { type Decoder, fuzz } from './fuzz.js';

/** `close` removes the files of the decoders. */
export async function fuzzDecoders(
  { decoders, close }: { readonly decoders: readonly Decoder[]; close(): void },
  inputs: number,
  seed: number,
): Promise<void> {
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
