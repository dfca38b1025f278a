import { expect, it } from 'vitest';
import { mlp } from '../src/engine/nn/models/mlp.js';
import { paperCnn } from '../src/engine/nn/models/paper-cnn.js';
import { slowProcessor } from './slowness.js';
import { watchTraining } from './steady-memory.js';

it.each([
  // A batch kept from each step would be 200 MiB and 20 MiB.
  ['mlp', mlp(), 10_000],
  ['paper-cnn', paperCnn(), 1000],
])('memory stays flat over the steps of %s, and no call takes 200 ms', async (name, network, steps) => {
  const { growthMiB, longestCallMs } = await watchTraining(network, steps);
  console.log(
    `${name}: ${steps} steps, +${growthMiB.toFixed(1)} MiB, longest call ${longestCallMs.toFixed(0)} ms`,
  );
  expect(growthMiB).toBeLessThan(16);
  expect(longestCallMs).toBeLessThan(200 * slowProcessor());
});
