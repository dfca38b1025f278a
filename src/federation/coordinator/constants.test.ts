/** A federation whose inputs are standardized by constants: on one machine, and over a real hub. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { type NatsServer, natsServer, withoutNats } from '../../../test/nats-server.js';
import { overNats, servedOver } from '../../../test/served-over.js';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { randomStream } from '../../base/random.js';
import { arrayDataset } from '../../data/arrays/array-dataset.js';
import { featureStatistics } from '../../data/arrays/feature-statistics.js';
import { type Dataset, subset } from '../../data/dataset.js';
import { dense } from '../../engine/nn/layers/layers.js';
import type { Network } from '../../engine/nn/layers/network.js';
import { onStandardized, standardizedBy } from '../../engine/nn/layers/standardize.js';
import { replayRun } from '../../experiments/replay.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { descriptionHash } from '../../protocol/description-hash.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { FINAL_MODEL } from '../participant/kept/participant-files.js';
import type { TakePartOutcome } from '../participant/take-part.js';
import { compileFederation } from '../plan/compile-federation.js';
import { describeFederation } from '../plan/description.js';
import { namedParts } from '../plan/extensions.js';
import { planHash } from '../plan/plan-hash.js';
import { shareChoice } from '../plan/share-choice.js';
import { runFederation } from './run-federation.js';

const EXAMPLES = 40;
const random = randomStream('constants');
const raw = Float32Array.from({ length: 2 * EXAMPLES }, (_, i) => [40, 3000][i % 2]! + 10 * random.normal());
/** Powers of two, by which a division is exact. */
const [MEAN, DEVIATION] = [
  [40, 3000],
  [8, 16],
];
const datasetOf = (features: Float32Array): Dataset =>
  arrayDataset({
    name: 'houses',
    inputs: [{ name: 'features', values: features, shape: [2] }],
    targets: [
      {
        name: 'price',
        values: Float32Array.from(
          { length: EXAMPLES },
          (_, i) => 0.1 * ((raw[2 * i] as number) - 40) - 0.05 * ((raw[2 * i + 1] as number) - 3000),
        ),
      },
    ],
  });
const houses = datasetOf(raw);
const data = { train: houses, test: subset(houses, [0, 1, 2, 3, 4, 5], 'test') };
const linear: Network = (scope, x) => dense(scope.in('fc'), x, 1);
const network = onStandardized(linear);
const constants = standardizedBy({ mean: MEAN, deviation: DEVIATION });
const names = Object.keys(constants);

const base: ConfigurationInput = {
  partition: { name: 'dirichlet', participants: 2, alpha: 1 },
  task: { name: 'regression' },
  model: { name: 'custom' },
  optimizer: { name: 'adam', learningRate: 0.05 },
  batchSize: 8,
  local: { epochs: 2 },
  rounds: 2,
};
const settings: ConfigurationInput = { ...base, constants };

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-constants-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (configuration: ConfigurationInput, name: string, more = {}) =>
  runFederation(configuration, {
    out: join(folder, name),
    data,
    extensions: { network },
    workers: 1,
    ...more,
  });
const modelIn = async (...path: string[]) =>
  decodeSafetensors(await readFile(join(folder, ...path, 'model.safetensors')), 'model').state;
const share = (part: number) => ({ data: houses, choice: shareChoice(`dirichlet:alpha=1:${part}/2`) });

const compiled = (input: ConfigurationInput) => {
  const configuration = parseConfiguration(input, 'options');
  const parts = namedParts(configuration, { network }, 'options');
  return compileFederation(configuration, houses, parts, 'options');
};

describe('constants', () => {
  it('are no part of the plan, but of what owners agree to', async () => {
    const [one, other] = [settings, { ...base, constants: { ...constants, [names[0]!]: [0, 1] } }].map(
      compiled,
    );
    expect(one?.plan.layout.map(({ name }) => name)).toEqual(['fc.weight', 'fc.bias']);
    expect(await planHash(one!.plan)).toBe(await planHash(other!.plan));
    const hashOf = async (of: typeof one) => {
      const job = { job: '0'.repeat(16), participants: ['environment-1', 'environment-2'] };
      return descriptionHash(await describeFederation(of!, job));
    };
    expect(await hashOf(one)).not.toBe(await hashOf(other));
  });

  it('give what training on standardized numbers gives, and no step, merge or update changes them', async () => {
    const before = raw.map((value, i) => (value - MEAN[i % 2]!) / DEVIATION[i % 2]!);
    const train = datasetOf(before);
    const plain = {
      data: { train, test: subset(train, [0, 1, 2, 3, 4, 5], 'test') },
      extensions: { network: linear },
    };
    const { model: expected } = await run(base, 'plain', plain);
    const { model } = await run(settings, 'run');
    expect(tensorView(model!, 'fc.weight')).toEqual(tensorView(expected!, 'fc.weight'));
    expect(tensorView(model!, 'fc.bias')).toEqual(tensorView(expected!, 'fc.bias'));
    expect(model?.layout.map(({ name }) => name)).toEqual([...names, 'fc.weight', 'fc.bias']);
    for (const [name, values] of Object.entries(constants))
      expect([...tensorView(model!, name)]).toEqual([...values]);
    // What was trained and merged in each round is without them.
    const [last] = (await readdir(join(folder, 'run/models'))).slice(-1);
    const kept = decodeSafetensors(await readFile(join(folder, 'run/models', last!)), 'kept').state;
    expect(kept.layout.map(({ name }) => name)).toEqual(['fc.weight', 'fc.bias']);
  });

  it('are in the exported model, which reads numbers as they are', async () => {
    const { model } = await run(settings, 'run');
    const session = await InferenceSession.create(await readFile(join(folder, 'run/model.onnx')));
    const { prediction } = await session.run({ features: new Tensor('float32', raw, [EXAMPLES, 2]) });
    const [w, b] = ['fc.weight', 'fc.bias'].map((name) => tensorView(model!, name));
    const said = [...((prediction as Tensor).data as Float32Array)];
    expect(said).toHaveLength(EXAMPLES);
    said.forEach((value, i) => {
      const by = (k: number) => (w![k]! * (raw[2 * i + k]! - MEAN[k]!)) / DEVIATION[k]!;
      expect(value).toBeCloseTo(by(0) + by(1) + b![0]!, 4);
    });
  });

  it('are the same after a run is taken up again, and when it is replayed', async () => {
    await run({ ...settings, rounds: 1 }, 'run');
    await run(settings, 'run');
    await run(settings, 'at once');
    expect(await modelIn('run')).toEqual(await modelIn('at once'));
    const other = run({ ...settings, constants: standardizedBy({ mean: [0, 0], deviation: [1, 1] }) }, 'run');
    await expect(other).rejects.toThrow(/constants/);
    const { differences } = await replayRun(join(folder, 'run'), {
      data,
      extensions: { network },
      workers: 1,
    });
    expect(differences).toEqual([]);
  });

  it('are those of a model to start from, unless the settings say them', async () => {
    await run(settings, 'first');
    const init = join(folder, 'first/model.safetensors');
    const more = await run(base, 'second', { init });
    const changed = { ...settings, constants: { [names[0]!]: [1, 2] } };
    const moved = await run(changed, 'third', { init });
    const valuesIn = (model: typeof more.model) => names.map((name) => [...tensorView(model!, name)]);
    expect(valuesIn(more.model)).toEqual([MEAN, DEVIATION]);
    expect(valuesIn(moved.model)).toEqual([[1, 2], DEVIATION]);
  });

  it.each([
    [{}, /"standardize\.constants\.mean" is not given/],
    [{ constants: { ...constants, [names[1]!]: [1, 0] } }, /"standardize\.constants\.deviation".*above 0/],
    [{ constants: { 'standardize.constants.median': [1, 1] } }, /"standardize\.constants\.median"/],
    [{ constants: { [names[0]!]: Array(10_001).fill(0) } }, /"constants".*10000 numbers/],
  ])('that are not allowed are refused before anything is trained', async (changes, message) => {
    await expect(run({ ...base, ...changes }, 'run')).rejects.toThrow(message);
  });

  it('are with every participant where a part of the network is its own', async () => {
    const { result, model } = await run({ ...settings, share: ['fc.weight'] }, 'run');
    const own = await Promise.all(
      (result.personal ?? []).map(async ({ file }) => decodeSafetensors(await readFile(file), file).state),
    );
    expect(own).toHaveLength(2);
    for (const one of own) {
      expect(one.layout.map(({ name }) => name)).toEqual([...names, 'fc.weight', 'fc.bias']);
      expect(names.map((name) => [...tensorView(one, name)])).toEqual([MEAN, DEVIATION]);
      expect(tensorView(one, 'fc.weight')).toEqual(tensorView(model!, 'fc.weight'));
    }
    const [first, second] = own.map((one) => [...tensorView(one, 'fc.bias')]);
    expect(first).not.toEqual(second);
  });

  it('are computed by a program from numbers of its own', async () => {
    const computed = standardizedBy(featureStatistics(houses.inputs[0]!));
    const { result } = await run({ ...base, rounds: 6, constants: computed }, 'run');
    const { result: without } = await run(base, 'plain', { extensions: { network: linear } });
    const rmse = (of: typeof result) => of.rounds.at(-1)?.merged.mean?.test?.rmse as number;
    expect(rmse(result)).toBeLessThan(rmse(without) / 10);
  });
});

describe('constants beside a last layer that stays with each participant', () => {
  it('are in the shared model and in each participant’s own, on one machine and over a hub', async () => {
    const deep: Network = (scope, x) => dense(scope.in('head'), dense(scope.in('body'), x, 3), 1);
    const extensions = { network: onStandardized(deep) };
    const configuration: ConfigurationInput = { ...settings, share: ['body.*'] };
    const { result: expected } = await run(configuration, 'run', { extensions });
    const { result, outcomes } = await servedOverHub(
      folder,
      { dataset: 'houses', ...configuration },
      { extensions, test: data.test },
      { 'environment-1': { ...share(1), extensions }, 'environment-2': { ...share(2), extensions } },
    );
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.model?.sha256);
    const shared = await modelIn('run');
    expect(shared.layout.map(({ name }) => name)).toEqual([...names, 'body.weight', 'body.bias']);
    for (const { name, file } of expected.personal ?? []) {
      const personal = await readFile(file);
      expect(personal.equals(await readFile(join(folder, name, FINAL_MODEL)))).toBe(true);
      const { state } = decodeSafetensors(personal, name);
      expect(names.map((one) => [...tensorView(state, one)])).toEqual([MEAN, DEVIATION]);
      expect(state.layout.map((one) => one.name)).toContain('head.weight');
    }
    expect(expected.personal).toHaveLength(2);
  });
});

describe.skipIf(withoutNats)('constants of a federation over NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await natsServer();
  });
  afterAll(() => server.stop());

  it('come to the bytes of a run on one machine', async () => {
    const configuration: ConfigurationInput = { ...settings, rounds: 1 };
    const { result: expected } = await run(configuration, 'run');
    const { result } = await servedOver(
      overNats(server.url),
      folder,
      { dataset: 'houses', ...configuration },
      { extensions: { network }, test: data.test },
      ({ join: joined }) => {
        void joined('environment-1', { ...share(1), extensions: { network } });
        void joined('environment-2', { ...share(2), acceptForeignPlan: true });
      },
    );
    expect(result.model?.sha256).toBe(expected.model?.sha256);
  });
});

describe('constants of a federation over a hub', () => {
  const ways = [
    ['of the settings', 'settings', { extensions: { network } }],
    ['of a model to start from, without the network', 'model', { acceptForeignPlan: true }],
    ['of the settings, without the network', 'settings', { acceptForeignPlan: true }],
    ['of a model to start from', 'model', { extensions: { network } }],
  ] as const;

  it.each(some(ways))('%s come to the bytes of a run on one machine', async (_, from, brought) => {
    const { init, configuration } =
      from === 'settings'
        ? { init: undefined, configuration: { ...settings, rounds: 1 } }
        : { init: join(folder, 'first/model.safetensors'), configuration: { ...base, rounds: 1 } };
    if (init !== undefined) await run({ ...settings, rounds: 1 }, 'first');
    const expected = await run(configuration, 'run', { init });
    const { result, outcomes, out } = await servedOverHub(
      folder,
      { dataset: 'houses', ...configuration },
      { extensions: { network }, test: data.test, init },
      { 'environment-1': { ...share(1), ...brought }, 'environment-2': { ...share(2), ...brought } },
    );
    expect(outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.result.model?.sha256);
    const file = await readFile(join(folder, 'run/model.safetensors'));
    expect(file.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
    const theirs = await readFile(join(folder, 'environment-2', FINAL_MODEL));
    const held = decodeSafetensors(theirs, 'theirs').state;
    expect(names.map((name) => [...tensorView(held, name)])).toEqual([MEAN, DEVIATION]);
  });
});

describe.skipIf(withoutNats)('constants of a federation over NATS', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await natsServer();
  });
  afterAll(() => server?.stop());

  it('come to the files of a run on one machine, where a part of the network stays with each', async () => {
    const configuration = { ...settings, rounds: 1, share: ['fc.weight'] };
    const expected = await run(configuration, 'run');
    const outcomes: Promise<TakePartOutcome | Error>[] = [];
    const { result } = await servedOver(
      overNats(server.url),
      folder,
      { dataset: 'houses', ...configuration },
      { extensions: { network }, test: data.test },
      ({ join: take }) => {
        for (const part of [1, 2])
          outcomes.push(take(`environment-${part}`, { ...share(part), extensions: { network } }));
      },
    );
    expect(await Promise.all(outcomes)).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(result.model?.sha256).toBe(expected.result.model?.sha256);
    for (const { name, file } of expected.result.personal ?? [])
      expect((await readFile(join(folder, name, FINAL_MODEL))).equals(await readFile(file))).toBe(true);
  });
});
