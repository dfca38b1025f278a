import { expect, it } from 'vitest';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { estimatedMinutes } from './estimate.js';

const configuration: ConfigurationInput = {
  partition: { name: 'v', participants: 2, validation: 0.1 },
  model: { name: 'paper-cnn' },
  optimizer: { name: 'adam' },
  local: { epochs: 10 },
  rounds: 3,
};

it('a run takes as long as its images, trained and evaluated', () => {
  // 30 epochs of 54,000 images at 1,300 a second; and in each round 3 models on 10,000, 11 times
  // 6,000 for validation.
  const training = (30 * 54_000) / 1300;
  const evaluation = (3 * (3 * 10_000 + 11 * 6_000)) / 3 / 1300;
  expect(estimatedMinutes(configuration)).toBeCloseTo((training + evaluation + 0.06) / 60, 6);
});

it('one participant has one worker, and pooled training another', () => {
  const alone = { ...configuration, partition: { name: 'v', participants: 1 } };
  expect(estimatedMinutes(alone)).toBeGreaterThan(1.8 * estimatedMinutes(configuration));
  const pooled = estimatedMinutes({ ...configuration, pooled: true });
  expect(pooled).toBeGreaterThan(1.8 * estimatedMinutes(configuration));
});

it('steps are as long as they are many, whatever an epoch has', () => {
  const steps = (rounds: number, each: number) =>
    estimatedMinutes({ ...configuration, rounds, local: { steps: each }, evaluateEvery: rounds });
  expect(steps(10, 340)).toBeCloseTo(steps(1, 3400) + 0.18 / 60, 6);
});

it('a network of unknown speed is said to be one', () => {
  expect(() => estimatedMinutes({ ...configuration, model: { name: 'lenet5' } })).toThrow(
    'how fast "lenet5" trains is not known',
  );
});
