import { describe, expect, it } from 'vitest';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { type Sampling, sampleParticipants } from '../rounds/sampling.js';
import { workPlan } from './work-plan.js';

const examples = 100;
const shares = ['a', 'b'].map((name) => ({
  name,
  train: new Uint32Array(examples),
  validation: new Uint32Array(10),
}));

function planOf(
  local: ConfigurationInput['local'],
  rounds: number,
  correction?: ConfigurationInput['correction'],
  sampling?: Sampling,
) {
  const input: ConfigurationInput = {
    partition: { name: 'v' },
    model: { name: 'mlp' },
    optimizer: { name: 'sgd', learningRate: 0.5 },
    schedule: { name: 'cosine' },
    batchSize: 10,
    local,
    rounds,
    correction,
  };
  return workPlan(parseConfiguration(input, 'test'), shares, { participants: ['a', 'b'], sampling });
}
const rates = (rounds: readonly { learningRates: Float32Array }[]) =>
  rounds.flatMap(({ learningRates }) => [...learningRates]);
const cosine = (steps: number) =>
  Array.from({ length: steps }, (_, step) => Math.fround(0.25 * (1 + Math.cos((Math.PI * step) / steps))));

describe('the work of the rounds', () => {
  it('in epochs has a learning rate for each of its steps, over rounds × epochs', () => {
    const plan = planOf({ epochs: 2 }, 3);
    const work = [1, 2, 3].map((round) => plan.work('a', round));
    expect(rates(work)).toEqual(cosine(3 * 2 * 10));
    expect(work[0]).toMatchObject({ epochs: 2 });
    expect(work[0]!.stepsBefore).toBeUndefined();
  });

  it('in steps has a learning rate for each step of the run, however many each round has', () => {
    const steps = [
      { from: 1, steps: 8 },
      { from: 3, steps: 1 },
    ];
    const plan = planOf({ steps }, 4);
    const work = [1, 2, 3, 4].map((round) => plan.work('b', round));
    expect(work.map(({ maxSteps, stepsBefore }) => [maxSteps, stepsBefore])).toEqual([
      [8, 0],
      [8, 8],
      [1, 16],
      [1, 17],
    ]);
    expect(rates(work)).toEqual(cosine(18));
  });

  it('in steps goes on where a participant was after the earlier rounds that it was drawn for', () => {
    const sampling = { perRound: 1, seed: 1 };
    const steps = [
      { from: 1, steps: 5 },
      { from: 4, steps: 3 },
    ];
    const plan = planOf({ steps }, 8, undefined, sampling);
    const done: Record<string, number> = { a: 0, b: 0 };
    const told: number[] = [];
    for (let round = 1; round <= 8; round++) {
      const [name] = sampleParticipants(['a', 'b'], sampling, round) as [string];
      expect(plan.work(name, round).stepsBefore).toBe(done[name]);
      told.push(done[name]!);
      done[name]! += round < 4 ? 5 : 3;
    }
    expect(Object.values(done).every((steps) => steps > 0)).toBe(true);
    expect(new Set(told).size).toBeGreaterThan(4);
  });

  it('of the pooled training goes on through all the data, at the learning rates of the same part of the run', () => {
    const steps = [
      { from: 1, steps: 8 },
      { from: 2, steps: 2 },
    ];
    const plan = planOf({ steps }, 2);
    const first = plan.pooledWork(1, 160, undefined, []);
    const second = plan.pooledWork(2, 40, new Float32Array(0), [160]);
    expect([first.maxSteps, second.maxSteps, first.stepsBefore, second.stepsBefore]).toEqual([16, 4, 0, 16]);
    expect(rates([first, second])).toEqual(cosine(20));
    expect(planOf({ epochs: 1 }, 2).pooledWork(2, 40, undefined, [160]).stepsBefore).toBeUndefined();
  });

  it('is corrected until the round, or the part of the run, that the correction names', () => {
    const strengths = (until?: number) => {
      const plan = planOf({ steps: 1 }, 4, { name: 'scaffold', ...(until !== undefined && { until }) });
      const rounds = [1, 2, 3, 4];
      const strength = rounds.map((round) => plan.work('a', round).correctionStrength);
      return strength;
    };
    expect(strengths()).toEqual([1, 1, 1, 1]);
    expect(strengths(3)).toEqual([1, 1, 1, 0]);
    expect(strengths(0.5)).toEqual([1, 1, 0, 0]);
    expect(strengths(1)).toEqual([1, 0, 0, 0]);
  });

  it('of the pooled training is not corrected', () => {
    const plan = planOf({ epochs: 1 }, 1, { name: 'fed-prox' });
    expect(plan.pooledWork(1, 20, undefined, []).correctionStrength).toBe(0);
  });
});
