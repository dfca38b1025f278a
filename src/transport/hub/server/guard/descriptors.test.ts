import { expect, it } from 'vitest';
import { fittingLimits, openFilesLimit } from './descriptors.js';
import { defaultLimits } from './limits.js';

it('the system says how many files and sockets may be open', () => {
  expect(openFilesLimit()).toBeGreaterThan(100);
});

it('with 1,000 descriptors there is room for 200 participants, each with its messages and a transfer', () => {
  const { connections, strangers, transfersInAll } = fittingLimits(defaultLimits, 1000);
  expect(connections - strangers).toBeGreaterThanOrEqual(375);
  expect(transfersInAll).toBeGreaterThanOrEqual(200);
  // A transfer has a connection and a file.
  expect(connections + transfersInAll).toBeLessThan(900);
});

it('many descriptors change nothing, and few leave a little', () => {
  expect(fittingLimits(defaultLimits, Number.POSITIVE_INFINITY)).toEqual(defaultLimits);
  expect(fittingLimits(defaultLimits, 20)).toMatchObject({
    connections: 16,
    strangers: 4,
    transfersInAll: 16,
  });
});
