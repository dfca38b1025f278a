/** One record of what a program adds, wherever a federation is run, led, joined, repeated. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, expectTypeOf, it } from 'vitest';
import { int8 } from '../examples/own-codec.js';
import { movement, movementMean } from '../examples/own-method.js';
import { poisson } from '../examples/own-task.js';
import type { joinFederationFromPage } from '../src/browser.js';
import {
  arrayDataset,
  type compileDescription,
  type Extensions,
  mlp,
  randomStream,
  shareChoice,
} from '../src/index.js';
import {
  compareStrategies,
  type joinFederation,
  replayRun,
  runFederation,
  type serveFederation,
} from '../src/node.js';
import type { ConfigurationInput } from '../src/protocol/configuration/configuration.js';
import { servedOverHub } from './served-over-hub.js';

const folder = await mkdtemp(join(tmpdir(), 'extensions-'));
afterAll(() => rm(folder, { recursive: true }));

const random = randomStream('extensions');
const EXAMPLES = 40;
const features = Float32Array.from({ length: 2 * EXAMPLES }, () => random.normal());
const counts = arrayDataset({
  name: 'counts',
  inputs: [{ name: 'features', values: features, shape: [2] }],
  targets: [
    {
      name: 'count',
      values: Float32Array.from({ length: EXAMPLES }, (_, i) => Math.round(Math.exp(features[2 * i] ?? 0))),
    },
  ],
});

/** One of each kind. */
const extensions: Extensions = {
  network: mlp({ classes: 1, hidden: [4] }),
  task: poisson,
  strategies: [movementMean],
  methods: [movement],
  codecs: [int8],
};
const configuration = {
  partition: { name: 'iid', participants: 2 },
  model: { name: 'custom' },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  batchSize: 8,
  local: { epochs: 1 },
  rounds: 2,
  strategy: 'movement-mean',
  codec: { update: 'int8' },
} as const satisfies ConfigurationInput;
const data = { train: counts, test: counts };

describe('the extensions of a program', () => {
  it('come to the same bytes in a run, over a hub and in a replay', async () => {
    const out = join(folder, 'run');
    const { result } = await runFederation(configuration, { out, data, extensions, workers: 1 });
    const joining = { data: counts, extensions, shareLabelCounts: true } as const;
    const there = await servedOverHub(
      folder,
      { dataset: counts.name, ...configuration },
      { test: counts, extensions },
      {
        'environment-1': { ...joining, choice: shareChoice('iid:1/2') },
        'environment-2': { ...joining, choice: shareChoice('iid:2/2') },
      },
    );
    expect(there.outcomes).toMatchObject([{ type: 'finished' }, { type: 'finished' }]);
    expect(there.result.model?.sha256).toBe(result.model?.sha256);
    const { differences } = await replayRun(out, { data, extensions, workers: 1 });
    expect(differences).toEqual([]);
  });

  it('are compared with strategies of the package', async () => {
    const compared = await compareStrategies(configuration, {
      ...{ data, extensions, workers: 1, seeds: 1, strategies: ['mean', 'movement-mean'] },
    });
    expect(compared.map(({ strategy }) => strategy)).toEqual(['mean', 'movement-mean']);
    expect(compared[0]?.result.model?.sha256).not.toBe(compared[1]?.result.model?.sha256);
  });

  it.each<[string, Extensions, string]>([
    ['a strategy', { ...extensions, strategies: [] }, '"strategy" is "movement-mean"'],
    ['its method', { ...extensions, methods: [] }, 'needs the movement of every update'],
    ['a codec', { ...extensions, codecs: [] }, '"codec.update" is "int8"'],
    ['a network', { ...extensions, network: undefined }, 'no network is given'],
  ])('are asked for where the settings name %s', async (_, lacking, message) => {
    await expect(runFederation(configuration, { data, extensions: lacking })).rejects.toThrow(message);
  });

  it.each<[Extensions, string]>([
    [{ strategies: [{ ...movementMean, name: 'mean' }] }, 'a strategy "mean" already'],
    [{ methods: [{ ...movement, name: 'control' }] }, 'a method "control" already'],
    [{ codecs: [{ ...int8, name: 'half' }] }, 'a codec "half" already'],
  ])('do not take a name that the package has: %#', async (twice, message) => {
    const refused = runFederation(configuration, { data, extensions: { ...extensions, ...twice } });
    await expect(refused).rejects.toThrow(message);
  });

  it('are the same record in every call', () => {
    type Taken = Extensions | undefined;
    type Second<T extends (...all: never[]) => unknown> = NonNullable<Parameters<T>[1]>;
    expectTypeOf<Second<typeof runFederation>['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Second<typeof serveFederation>['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Second<typeof replayRun>['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Second<typeof compareStrategies>['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Second<typeof compileDescription>['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Parameters<typeof joinFederation>[2]['extensions']>().toEqualTypeOf<Taken>();
    expectTypeOf<Parameters<typeof joinFederationFromPage>[2]['extensions']>().toEqualTypeOf<Taken>();
  });
});
