/** Federations on files of arrays, as settings name them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { servedOverHub } from '../../../test/served-over-hub.js';
import { writeNpyFolder } from '../../../test/write-npy.js';
import { loadArrays } from '../../data/arrays/node/load-arrays.js';
import { factsOf } from '../../data/dataset.js';
import type { ArraySettings } from '../../data/settings.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { loadOwnData } from '../participant/node/load-own-data.js';
import { runFederation } from './run-federation.js';

const at = (file: string) => fileURLToPath(new URL(`../../../test/fixtures/arrays/${file}`, import.meta.url));
const out = mkdtempSync(join(tmpdir(), 'arrays-run-'));
afterAll(() => rmSync(out, { recursive: true }));

const data: ArraySettings = {
  kind: 'arrays',
  inputs: { x: 'number' },
  targets: { y: { category: ['a', 'b', 'c'] } },
};
const base: ConfigurationInput = {
  ...{ data, dataset: at('tested.npz'), partition: { name: 'iid', participants: 2 }, rounds: 1 },
  ...{ model: { name: 'mlp', hidden: [4] }, optimizer: { name: 'sgd', learningRate: 0.01 } },
  ...{ local: { steps: 2 }, batchSize: 4 },
};

it('one file is dealt out, and gives the model of the same arrays in a program', async () => {
  const [own, given] = [join(out, 'own'), join(out, 'given')];
  await runFederation(base, { out: own, workers: 1 });
  const { data: _, ...rest } = base;
  await runFederation(rest as ConfigurationInput, {
    ...{ out: given, workers: 1, data: await loadArrays(at('tested.npz'), data) },
  });
  const digests = (folder: string) => readFileSync(join(folder, 'data.json'), 'utf8');
  expect(digests(own)).toBe(digests(given));
});

it('each site of a simulation has a file of its own', async () => {
  const { dataset: _, partition: __, ...rest } = base;
  const sites = [at('tested.npz'), at('odd.npz')];
  const shares: unknown[] = [];
  await runFederation({ ...rest, data: { ...data, sites } } as unknown as ConfigurationInput, {
    workers: 1,
    observer: {
      onStart(start) {
        for (const { name, train, validation } of start.shares) {
          shares.push([name, train.length + validation.length]);
        }
      },
    },
  });
  expect(shares).toEqual([
    ['tested', 10],
    ['odd', 7],
  ]);
});

it('a participant brings a file of its own, and is told what is missing in it', async () => {
  const { train } = await loadArrays(at('tested.npz'), data);
  const configuration = parseConfiguration(base, 'test');
  const described = {
    configuration,
    inputs: train.inputs.map(factsOf),
    targets: train.targets.map(factsOf),
  };
  const own = await loadOwnData(at('odd.npz'), 'site', described);
  expect(own.share.train.length + own.share.validation.length).toBe(10);
  await expect(loadOwnData(at('types.npz'), 'site', described)).rejects.toThrow(/has no array "x"/);
});

it('a coordinator without data leads owners of arrays, whose shapes the settings declare', async () => {
  const folder = (name: string, seed: number) => {
    const values = Float32Array.from({ length: 60 }, (_, i) => Math.sin(i * seed));
    const y = Int32Array.from({ length: 20 }, (_, i) => i % 3);
    writeNpyFolder(join(out, name), { x: { shape: [20, 3], values }, y: { shape: [20], values: y } });
    return { data: join(out, name) };
  };
  const { partition: _, ...rest } = base;
  const declared = { ...data, inputs: { x: { number: true, shape: [3] } } } as const;
  const configuration: ConfigurationInput = {
    ...{ ...rest, data: declared, dataset: 'none', participants: ['north', 'south'] },
    partition: { name: 'own', participants: 2 },
  };
  const served = join(out, 'served');
  const joining = { north: folder('north', 3), south: folder('south', 5) };
  const { result, outcomes } = await servedOverHub(served, configuration, {}, joining);
  expect(outcomes.filter((outcome) => outcome instanceof Error)).toEqual([]);
  expect(result.rounds[0]?.participants.map(({ examples }) => examples)).toEqual([18, 18]);
  await expect(servedOverHub(join(out, 'undeclared'), { ...configuration, data }, {}, {})).rejects.toThrow(
    'the shape of "x" is not declared',
  );
  await expect(
    loadArrays(joining.north.data, { ...declared, inputs: { x: { number: true, shape: [4] } } }),
  ).rejects.toThrow('expected [examples,4]');
});
