import { expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { foreignNetworks } from './networks.js';

it('a hundred thousand files of networks are read or refused', { timeout: 3_600_000 }, async () => {
  const results = await fuzz([foreignNetworks], 100_000, 2);
  const { accepted, mostBytes, longestMs } = results[foreignNetworks.name]!;
  expect(accepted).toBeGreaterThan(20_000);
  expect(mostBytes).toBeLessThan(2 ** 26);
  expect(longestMs).toBeLessThan(3_000);
});
