import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { classified } from '../../../../test/classified.js';
import { some } from '../../../../test/every-case.js';
import { imageDataset } from '../../../data/images/image-dataset.js';
import { modelMetadata } from '../../../engine/nn/model-file.js';
import { rowStart } from '../../../merge/refit/cholesky.js';
import { emptySums } from '../../../merge/refit/feature-sums.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../../protocol/configuration/configuration.js';
import type { TaskRunner } from '../../../training/tasks.js';
import { afterMergeOf } from '../../methods/after-merge.js';
import { compileFederation } from '../../plan/compile-federation.js';
import { sharesOf } from '../../plan/dealt-shares.js';
import { namedParts } from '../../plan/extensions.js';
import { federationPlan } from '../../plan/federation-plan.js';
import { openRunFolder } from '../../record/run-folder.js';
import { stateCoding } from '../../record/state-coding.js';
import type { RunStore, StateRole } from '../../rounds/run-store.js';
import type { OpenUpdates } from '../carry-out.js';
import { runLocalRounds } from '../local-rounds.js';
import { updatesOfFolder } from './files-of-run.js';
import type { RoundUpdates } from './round-updates.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-closing-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;

const images = imageDataset({
  name: 'corners',
  images: Uint8Array.from({ length: 4 * 40 }, (_, i) => (i * 37) % 256),
  labels: Uint8Array.from({ length: 40 }, (_, i) => i % 2),
  ...{ channels: 1, height: 2, width: 2, classNames: ['even', 'odd'] },
});

/**
 * What training, evaluation and sums come to without a network: numbers that differ from one to the
 * other.
 */
function madeUpTasks(evaluated: (state: Float32Array) => void = () => {}): TaskRunner {
  return {
    async train({ work: { participant, round }, base }) {
      const own = [...participant].reduce((sum, letter) => (31 * sum + letter.charCodeAt(0)) % 97, round);
      const state = base.map((value, i) => value + Math.sin(own * (i + 1)) / 3);
      const counts = { epochs: 1, steps: 3, examplesSeen: 8, loss: 1, validation: undefined };
      return { state, slots: new Float32Array(0), ...counts };
    },
    async evaluate({ state }) {
      await new Promise((resolve) => setImmediate(resolve));
      evaluated(state);
      const lossSum = state.reduce((sum, value, i) => sum + value * Math.cos(i), 0) ** 2;
      return classified({ examples: 40, correct: 20, lossSum, confusion: Uint32Array.of(10, 10, 10, 10) });
    },
    async mean({ state }) {
      return state.map((value) => value * value);
    },
    async sumFeatures({ state }) {
      const sums = emptySums(5, 2);
      for (let i = 0; i < 5; i++) sums.gram[rowStart(i) + i] = 1 + (state[i] ?? 0) ** 2;
      sums.targets.fill(1);
      return sums;
    },
    stop() {},
  };
}

const base = {
  dataset: 'corners',
  partition: { name: 'iid', participants: 4 },
  model: { name: 'mlp', hidden: [4] },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  local: { steps: 3 },
  rounds: 2,
  keep: 2,
} as const satisfies ConfigurationInput;

type Way = 'files' | 'memory';

async function run(
  changes: Partial<ConfigurationInput>,
  way: Way,
  { tasks = madeUpTasks(), around = (updates: RoundUpdates) => updates, onGet = (_: StateRole) => {} } = {},
) {
  const configuration = parseConfiguration({ ...base, ...changes }, 'test');
  const named = namedParts(configuration, {}, 'test');
  const { plan, methods, refit, codec, model, initialState } = compileFederation(
    configuration,
    images,
    named,
    'test',
  );
  const data = { train: images, test: images };
  const shares = sharesOf(configuration, data, 'test');
  const after = { ...afterMergeOf(configuration, 'test'), methods, refit, codec };
  const planned = federationPlan(configuration, plan, shares, data, named, initialState, after);
  const path = join(folder, `run-${++folders}`);
  const store = await openRunFolder(path, configuration, stateCoding(plan.layout, codec, model));
  const watched: RunStore = {
    ...store,
    get(role, sha256, base) {
      onGet(role);
      return store.get(role, sha256, base);
    },
  };
  const open = updatesOfFolder(planned, store, modelMetadata(model));
  const inFiles: OpenUpdates = async (...of) => around(await open(...of));
  try {
    const { rounds } = await runLocalRounds(planned, tasks, watched, {
      openUpdates: way === 'files' ? inFiles : undefined,
    });
    const files = ['models', 'methods', 'rounds', 'updates'].flatMap((part) =>
      readdirSync(path).includes(part) ? readdirSync(join(path, part)).map((name) => `${part}/${name}`) : [],
    );
    const bytes = files.map((file) => [file, readFileSync(join(path, file)).toString('base64')]);
    return {
      files: Object.fromEntries(bytes),
      merged: rounds.map(({ merged }) => ({ ...merged, seconds: 0 })),
    };
  } finally {
    await store.close();
  }
}

const both = { update: 'half', model: 'half' };
const kinds: readonly (readonly [string, Partial<ConfigurationInput>])[] = [
  ['other strategies to be compared', { compare: ['median', 'max(on=updates)', 'krum(f=0)', 'model-stock'] }],
  ['updates', { strategy: 'ties', mergeOn: 'updates' }],
  ['a server optimizer and an average', { server: { name: 'fed-adam' }, average: { name: 'ema' } }],
  [
    'weights of everybody’s own, aligned, and the Fisher information',
    { initialWeights: 'independent', align: true, strategy: 'fisher-mean', fisherExamples: 4 },
  ],
  [
    'control variates, and participants that are drawn',
    { correction: { name: 'scaffold' }, participantsPerRound: 2 },
  ],
  ['a refit in every round', { refit: { rounds: 'every', lambda: 0.1 } }],
  [
    'half precision both ways, of updates, a server optimizer and an average',
    { codec: both, mergeOn: 'updates', server: { name: 'fed-adam' }, average: { name: 'ema' } },
  ],
  ['the mean', {}],
  ['an average of the models', { average: { name: 'swa', from: 2 }, strategy: 'geometric-median' }],
  ['weights of everybody’s own', { initialWeights: 'independent', compare: ['median'] }],
  ['updates that are aligned', { align: true, compare: ['mean(on=updates)'] }],
  ['the Fisher information now and then', { compare: ['fisher-mean'], fisherExamples: 4, evaluateEvery: 2 }],
  [
    'half precision both ways, of weights of everybody’s own, and updates that are clipped',
    { codec: both, initialWeights: 'independent', compare: ['median'], clipUpdate: 0.5 },
  ],
  ['a refit of models in half precision', { codec: { model: 'half' }, refit: { rounds: 'every' } }],
  ['attackers that know updates in half precision', { codec: both, attack: { name: 'alie', attackers: 1 } }],
  ['attackers', { attack: { name: 'sign-flip', attackers: 1 }, strategy: 'median' }],
];

describe('closing a round', () => {
  it.each(some(kinds, 6))(
    'comes to the same files and facts in files as in memory, with %s',
    async (_, changes) => {
      const inFiles = await run(changes, 'files');
      expect(Object.keys(inFiles.files)).toContain('models/round-2.safetensors');
      expect(Object.keys(inFiles.files)).toContain('rounds/round-2.json');
      expect(inFiles).toEqual(await run(changes, 'memory'));
    },
  );

  it('in files holds a few of the updates at a time, and never all', async () => {
    // 2 MB each: eight are evaluated at once.
    const loaded = new Set<Float32Array>();
    let [held, most] = [0, 0];
    const around = (updates: RoundUpdates): RoundUpdates => ({
      ...updates,
      async load(participant) {
        // From here on: loading takes memory, too.
        most = Math.max(most, ++held);
        const state = await updates.load(participant);
        loaded.add(state.data);
        return state;
      },
    });
    const tasks = madeUpTasks((state) => {
      if (loaded.has(state)) held--;
    });
    const large = { name: 'mlp', hidden: [700, 700] } as const;
    const changes = { partition: { name: 'iid', participants: 16 }, model: large, rounds: 1 } as const;
    const read: string[] = [];
    await run(changes, 'files', { tasks, around, onGet: ({ type }) => read.push(type) });
    expect({ most, held, loaded: loaded.size }).toEqual({ most: 8, held: 0, loaded: 16 });
    expect(read).not.toContain('update');
  });

  it.each([{}, { codec: both }])(
    'leaves nothing beside the models of a run whose weights began apart: %o',
    async (codec) => {
      const changes = { ...codec, initialWeights: 'independent', compare: ['median'] } as const;
      const { files } = await run(changes, 'files');
      expect(Object.keys(files).filter((file) => !/\/round-\d\./.test(file))).toEqual([]);
    },
  );
});
