/** Runs on pictures in a file: the same bytes as in memory, and nothing is left of the file. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sha256Of } from '../../base/node/sha256-of.js';
import { randomStream } from '../../base/random.js';
import { closeDatasets } from '../../data/dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import { pagingIn } from '../../data/paged/node/paging.js';
import { isPaged } from '../../data/paged-values.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from './run-federation.js';

const root = mkdtempSync(join(tmpdir(), 'paged-run-'));
afterAll(() => rmSync(root, { recursive: true }));
const [SIDE, EACH] = [12, 20];

beforeAll(async () => {
  const drawn = randomStream(5, 'pictures');
  for (const name of ['dark', 'light']) {
    mkdirSync(join(root, 'set', name), { recursive: true });
    for (let index = 0; index < EACH; index++) {
      const from = name === 'dark' ? 0 : 90;
      const values = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => from + drawn.integer(160));
      const raw = { width: SIDE, height: SIDE, channels: 3 as const };
      await sharp(values, { raw })
        .png()
        .toFile(join(root, 'set', name, `${index}.png`));
    }
  }
});

const load = (memoryBytes: number) =>
  loadDataset(join(root, 'set'), { paging: pagingIn(memoryBytes, join(root, 'room')) });

it('pictures go into a file when they take more than an eighth of the memory', async () => {
  const bytes = 2 * EACH * 3 * SIDE * SIDE;
  const [small, large] = [await load(8 * bytes - 1), await load(8 * bytes)];
  const paged = ({ train, test }: typeof small) =>
    [train, test].map(({ inputs }) => isPaged(inputs[0]!.values));
  expect(paged(small)).toEqual([true, true]);
  expect(paged(large)).toEqual([false, false]);
  expect(readdirSync(join(root, 'room'))).toEqual([]);
  closeDatasets(small.train, small.test);
});

const base: ConfigurationInput = {
  ...{ dataset: 'set', partition: { name: 'dirichlet', participants: 3, alpha: 1 }, rounds: 2 },
  optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
  local: { epochs: 2 },
  ...{ model: { name: 'mlp', hidden: [8] }, batchSize: 8, normalization: { mean: [0.5], deviation: [0.25] } },
};

it.each([
  ['in the order of epochs', {}],
  ['augmented', { augmentation: { flip: true, shift: 1, rotation: 10 } }],
] as const)('a run on them ends in the same bytes, %s', async (what, settings) => {
  const finalOf = async (memoryBytes: number, out: string, workers: number) => {
    const data = await load(memoryBytes);
    await runFederation({ ...base, ...settings }, { data, out, workers });
    closeDatasets(data.train, data.test);
    return ['model.safetensors', 'data.json'].map((file) => sha256Of(readFileSync(join(out, file))));
  };
  const held = await finalOf(8e9, join(root, `held ${what}`), 1);
  expect(await finalOf(0, join(root, `paged ${what}`), 2)).toEqual(held);
});
