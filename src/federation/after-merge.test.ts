import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mean } from '../merge/mean.js';
import { initialSlots, serverStep } from '../merge/server/server-optimizer.js';
import { serverOptimizerOf } from '../merge/server/server-optimizers.js';
import { type ConfigurationInput, parseConfiguration } from '../protocol/configuration.js';
import { stateLayout } from '../tensor/state-dict.js';
import { afterMergeOf } from './after-merge.js';
import type { FederationPlan } from './commands.js';
import { coordinate } from './coordinator.js';
import { openRunFolder } from './run-folder.js';
import type { TaskRunner } from './tasks.js';

const folder = mkdtempSync(join(tmpdir(), 'after-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

const planOf = (configuration: Settings): FederationPlan => ({
  rules: { participants, rounds, reference: undefined, pooled: false },
  layout,
  shares: participants.map((name) => ({ name, train: Uint32Array.of(0), validation: Uint32Array.of(1) })),
  testExamples: 1,
  initialState: (name) => ({
    layout,
    data: initial[configuration.initialWeights === 'independent' ? name : 'a']!,
  }),
  work: (participant, round) => ({
    participant,
    round,
    seed: 1,
    epochs: 1,
    learningRates: Float32Array.of(1),
  }),
  pooledWork: () => {
    throw new Error('nothing is pooled here');
  },
  strategy: mean(),
  mergeOn: 'weights',
  compared: [],
  keep: 1,
  ...afterMergeOf(configuration, 'test'),
});

/** What a participant makes of the state that it is given. */
const trained = (participant: string, round: number, base: Float32Array) =>
  Float32Array.from(base, (w, i) => 0.7 * w + (participant === 'a' ? 0.1 : -0.3) * (i + round));

const tasks: TaskRunner = {
  async train({ work: { participant, round }, base }) {
    const state = trained(participant, round, base);
    const slots = new Float32Array(0);
    return { state, slots, epochs: 1, steps: 1, images: 1, loss: 1, validationAccuracy: undefined };
  },
  async evaluate({ examples }) {
    return { examples: examples.indices.length, correct: 0, lossSum: 0, confusion: new Uint32Array(4) };
  },
  stop() {},
};

/** The merge of a round whose copies are these. */
const mergedFrom = (round: number, base: (name: string) => Float32Array): Float32Array => {
  const [a, b] = participants.map((name) => trained(name, round, base(name))) as [Float32Array, Float32Array];
  return a.map((w, i) => (w + b[i]!) / 2);
};

let folders = 0;
/** Runs in a folder; with `killAt`, the process ends before or after so many facts are recorded, and another takes it up. */
async function run(configuration: Settings, killAt?: { facts: number; recorded: boolean }) {
  const path = join(folder, `run-${++folders}`);
  for (let start = 1; ; start++) {
    const store = await openRunFolder(path, configuration);
    const killed = killAt !== undefined && start === 1;
    let left = killed ? killAt.facts : Infinity;
    const mortal: typeof store = {
      ...store,
      async append(event) {
        if (left-- > 0) return store.append(event);
        if (killAt?.recorded) await store.append(event);
        throw new Error('killed');
      },
    };
    try {
      const state = await coordinate(planOf(configuration), tasks, mortal);
      const last = state.rounds.at(-1)!.merged!;
      const model = await store.get({ type: 'merged', round: rounds }, last.sha256);
      const average =
        last.average === undefined
          ? undefined
          : await store.get({ type: 'average', round: rounds }, last.average);
      return { path, state, model: model.data, average: average?.data };
    } catch (error) {
      if (!killed || !(error instanceof Error) || error.message !== 'killed') throw error;
    } finally {
      await store.close();
    }
  }
}

const factsOf = ({ state }: Awaited<ReturnType<typeof run>>) =>
  state.rounds.map(({ merged }) => ({ ...merged, seconds: 0 }));

describe('after the merge of a round', () => {
  it('the server optimizer steps from the copied model, with the rate of the round', async () => {
    const server = { name: 'fed-yogi', learningRate: 0.2, schedule: { name: 'cosine' } } as const;
    const { model } = await run(configurationOf({ server }));
    const optimizer = serverOptimizerOf({ name: 'fed-yogi' });
    let [w, slots] = [initial.a!, initialSlots(optimizer, 3)];
    for (let round = 1; round <= rounds; round++) {
      const rate = 0.2 * 0.5 * (1 + Math.cos((Math.PI * (round - 1)) / rounds));
      const merged = mergedFrom(round, () => w);
      ({ state: w, slots } = serverStep(optimizer, w, merged, slots, rate));
    }
    expect([...model]).toEqual([...w]);
  });

  it('is plain merging, to the bit, with fed-avg-m of momentum 0 and learning rate 1', async () => {
    const plain = await run(configurationOf({}));
    const server = { name: 'fed-avg-m', momentum: 0 } as const;
    const stepped = await run(configurationOf({ server }));
    expect(stepped.state.rounds.map(({ merged }) => merged!.sha256)).toEqual(
      plain.state.rounds.map(({ merged }) => merged!.sha256),
    );
    expect(stepped.model).toEqual(plain.model);
  });

  it('the optimizer begins in round 2 where the initial weights were everybody’s own', async () => {
    const server = { name: 'fed-avg-m', momentum: 0.5 } as const;
    const { state, model } = await run(configurationOf({ server, initialWeights: 'independent' }));
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
    expect([...model]).toEqual([...w]);
  });

  it('the average is evaluated under its name and takes no part in the rounds', async () => {
    const plain = await run(configurationOf({}));
    const { state, model, average } = await run(configurationOf({ average: { name: 'swa', from: 3 } }));
    expect(state.rounds.map(({ merged }) => Object.keys(merged!.merged))).toEqual([
      ['mean'],
      ['mean'],
      ['mean', 'swa(from=3)'],
      ['mean', 'swa(from=3)'],
    ]);
    expect(model).toEqual(plain.model);
    let w = initial.a!;
    const models = [1, 2, 3, 4].map((round) => {
      const base = w;
      w = mergedFrom(round, () => base);
      return w;
    });
    expect([...average!]).toEqual([...models[2]!.map((third, i) => third + 0.5 * (models[3]![i]! - third))]);
  });

  it('nothing is left of slots and averages but those of the last round', async () => {
    const { path } = await run(configurationOf({ server: { name: 'fed-adam' }, average: { name: 'ema' } }));
    expect(readdirSync(join(path, 'models')).sort()).toEqual([
      'average-4.safetensors',
      'round-4.safetensors',
      'server-4.safetensors',
    ]);
  });

  it.each([
    ['before', false],
    ['after', true],
  ])('a run killed %s any of its facts is recorded comes to the same bytes', async (_, recorded) => {
    const configuration = configurationOf({
      server: { name: 'fed-adam', learningRate: 0.1 },
      average: { name: 'ema', decay: 0.8 },
    });
    const undisturbed = await run(configuration);
    const facts = rounds * (2 * participants.length + 1);
    for (let at = 0; at < facts; at++) {
      const resumed = await run(configuration, { facts: at, recorded });
      expect(factsOf(resumed)).toEqual(factsOf(undisturbed));
      expect(resumed.model).toEqual(undisturbed.model);
      expect(resumed.average).toEqual(undisturbed.average);
    }
  });

  it('an average that would begin after the last round is refused', () => {
    expect(() => planOf(configurationOf({ average: { name: 'swa', from: 5 } }))).toThrow(
      'test: "average.from" is 5, expected a round of the run, from 1 to 4',
    );
  });
});
