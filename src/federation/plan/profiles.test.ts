import { describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stepsBefore } from '../../training/step-schedule.js';
import { environments, profile, profileNames } from './profiles.js';

describe('the profiles', () => {
  const all = environments.flatMap((environment) => profileNames.map((name) => [environment, name] as const));

  it.each(all)('of %s, %s are the network of the paper, with two environments', (environment, name) => {
    const { seed, model, partition } = parseConfiguration(profile(environment, name, 3), name);
    expect([seed, model.name]).toEqual([3, 'paper-cnn']);
    expect(partition).toMatchObject({ name: environment, participants: 2 });
  });

  it('have the paper’s settings to the letter', () => {
    expect(profile('v', 'paper', 0)).toMatchObject({
      initialWeights: 'independent',
      local: { epochs: 15, firstThreshold: 0.914, threshold: 0.92 },
      rounds: 4,
    });
  });

  it('differ between V and H in nothing else where they are quick or the paper’s', () => {
    for (const name of ['quick', 'paper'] as const) {
      const [v, h] = environments.map((environment) => profile(environment, name, 0));
      expect(h).toEqual({ ...v, partition: { ...v?.partition, name: 'h' } });
    }
  });

  it.each([
    ['v', 2520, 25_200],
    ['h', 1000, 3400],
  ] as const)(
    'merge often where they are best, with momentum at the server only: %s',
    (environment, merges, steps) => {
      const best = parseConfiguration(profile(environment, 'best', 0), 'best');
      expect([best.rounds, stepsBefore(best.local.steps ?? 0, best.rounds + 1)]).toEqual([merges, steps]);
      expect(best.optimizer).toMatchObject({ name: 'sgd', momentum: 0 });
      expect(best.server).toMatchObject({ name: 'fed-avg-m', momentum: 0.9, nesterov: true });
    },
  );
});
