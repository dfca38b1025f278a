import { expect, it } from 'vitest';
import { mlp } from '../src/engine/nn/models/mlp.js';
import { watchTraining } from './steady-memory.js';

it('memory stays flat over 1,000 steps of mlp', async () => {
  const { growthMiB } = await watchTraining(mlp(), 1000);
  // A batch kept from each step would be 20 MiB.
  expect(growthMiB).toBeLessThan(16);
});
