import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { smallPlan } from '../../../test/small-plan.js';
import { initialSlots, serverStep } from '../../merge/server/server-optimizer.js';
import { serverOptimizerOf } from '../../merge/server/server-optimizers.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import { type Resumable, resumptionContract, runInFolder } from '../record/resumption.contract.js';
import { afterMergeOf } from './after-merge.js';

const layout = stateLayout([['w', [3]]]);
const participants = ['a', 'b'];
const rounds = 4;

function configurationOf(settings: Partial<ConfigurationInput>) {
  return parseConfiguration(
    {
      partition: { name: 'v' },
      model: { name: 'mlp' },
      optimizer: { name: 'adam' },
      local: { epochs: 1 },
      rounds,
      ...settings,
    },
    'test',
  );
}
type Settings = ReturnType<typeof configurationOf>;

const initial: Record<string, Float32Array> = { a: Float32Array.of(1, 2, 3), b: Float32Array.of(0, -1, 5) };

const planOf = (configuration: Settings) =>
  smallPlan(
    { participants, rounds },
    {
      layout,
      shares: participants.map((name) => ({ name, train: Uint32Array.of(0), validation: Uint32Array.of(1) })),
      initialState: (name) => ({
        layout,
        data: initial[configuration.initialWeights === 'independent' ? name : 'a']!,
      }),
      startsApart: configuration.initialWeights === 'independent',
      ...afterMergeOf(configuration, 'test'),
    },
  );

/** What a participant makes of the state that it is given. */
const trained = (participant: string, round: number, base: Float32Array) =>
  Float32Array.from(base, (w, i) => 0.7 * w + (participant === 'a' ? 0.1 : -0.3) * (i + round));

const tasks: TaskRunner = {
  async train({ work: { participant, round }, base }) {
    const state = trained(participant, round, base);
    const slots = new Float32Array(0);
    return { state, slots, epochs: 1, steps: 1, examplesSeen: 1, loss: 1, validation: undefined };
  },
  async evaluate({ examples }) {
    return classified({ examples: examples.indices.length, correct: 0 });
  },
  stop() {},
};

/** The merge of a round whose copies are these. */
const mergedFrom = (round: number, base: (name: string) => Float32Array): Float32Array => {
  const [a, b] = participants.map((name) => trained(name, round, base(name))) as [Float32Array, Float32Array];
  return a.map((w, i) => (w + b[i]!) / 2);
};

const resumableOf = (settings: Partial<ConfigurationInput>): Resumable => {
  const configuration = configurationOf(settings);
  return { configuration, plan: planOf(configuration), tasks };
};
const run = (settings: Partial<ConfigurationInput>) => runInFolder(resumableOf(settings));

const stepping = {
  server: { name: 'fed-adam', learningRate: 0.1 },
  average: { name: 'ema', decay: 0.8 },
} as const;
resumptionContract('a server optimizer and an average', resumableOf(stepping));

describe('after the merge of a round', () => {
  it('the server optimizer steps from the copied model, with the rate of the round', async () => {
    const server = { name: 'fed-yogi', learningRate: 0.2, schedule: { name: 'cosine' } } as const;
    const { valuesOf } = await run({ server });
    const optimizer = serverOptimizerOf({ name: 'fed-yogi' });
    let [w, slots] = [initial.a!, initialSlots(optimizer, 3)];
    for (let round = 1; round <= rounds; round++) {
      const rate = 0.2 * 0.5 * (1 + Math.cos((Math.PI * (round - 1)) / rounds));
      const merged = mergedFrom(round, () => w);
      ({ state: w, slots } = serverStep(optimizer, w, merged, slots, rate));
    }
    expect(valuesOf('round-4')).toEqual([...w]);
  });

  it('is plain merging, to the bit, with fed-avg-m of momentum 0 and learning rate 1', async () => {
    const plain = await run({});
    const server = { name: 'fed-avg-m', momentum: 0 } as const;
    const stepped = await run({ server });
    expect(stepped.state.rounds.map(({ merged }) => merged!.sha256)).toEqual(
      plain.state.rounds.map(({ merged }) => merged!.sha256),
    );
    expect(stepped.bytesOf('round-4')).toEqual(plain.bytesOf('round-4'));
  });

  it('the optimizer begins in round 2 where the initial weights were everybody’s own', async () => {
    const server = { name: 'fed-avg-m', momentum: 0.5 } as const;
    const { state, valuesOf } = await run({ server, initialWeights: 'independent' });
    expect(state.rounds.map(({ merged }) => merged!.server !== undefined)).toEqual([false, true, true, true]);
    const optimizer = serverOptimizerOf(server);
    let [w, slots] = [mergedFrom(1, (name) => initial[name]!), initialSlots(optimizer, 3)];
    for (let round = 2; round <= rounds; round++) {
      ({ state: w, slots } = serverStep(
        optimizer,
        w,
        mergedFrom(round, () => w),
        slots,
        1,
      ));
    }
    expect(valuesOf('round-4')).toEqual([...w]);
  });

  it('the average is evaluated under its name and takes no part in the rounds', async () => {
    const plain = await run({});
    const { state, bytesOf, valuesOf } = await run({ average: { name: 'swa', from: 3 } });
    expect(state.rounds.map(({ merged }) => Object.keys(merged!.merged))).toEqual([
      ['mean'],
      ['mean'],
      ['mean', 'swa(from=3)'],
      ['mean', 'swa(from=3)'],
    ]);
    expect(bytesOf('round-4')).toEqual(plain.bytesOf('round-4'));
    let w = initial.a!;
    const models = [1, 2, 3, 4].map((round) => {
      const base = w;
      w = mergedFrom(round, () => base);
      return w;
    });
    const mean = models[2]!.map((third, i) => third + 0.5 * (models[3]![i]! - third));
    expect(valuesOf('average-4')).toEqual([...mean]);
  });

  it('nothing is left of slots and averages but those of the last round', async () => {
    const { models } = await run(stepping);
    expect(models).toEqual(['average-4', 'round-4', 'server-4']);
  });

  it('an average that would begin after the last round is refused', () => {
    expect(() => planOf(configurationOf({ average: { name: 'swa', from: 5 } }))).toThrow(
      'test: "average.from" is 5, expected a round of the run, from 1 to 4',
    );
  });
});
