import { expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import { foreignNetworks } from './networks.js';

it('files of networks that hostile hands have been at are read or refused, soon, in little memory', async () => {
  const results = await fuzz([foreignNetworks], 400, 1);
  const { accepted, mostBytes, longestMs } = results[foreignNetworks.name]!;
  expect(accepted).toBeGreaterThan(100);
  expect(mostBytes).toBeLessThan(2 ** 26);
  expect(longestMs).toBeLessThan(3_000);
});
