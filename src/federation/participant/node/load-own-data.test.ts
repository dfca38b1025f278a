import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { pictureColumns } from '../../../../test/picture-columns.js';
import { categoriesOf, type Dataset, factsOf } from '../../../data/dataset.js';
import { fashionMnistClassNames } from '../../../data/images/fashion-mnist-facts.js';
import { loadDataset } from '../../../data/images/node/load-dataset.js';
import { PartitionError } from '../../../data/partition/error.js';
import {
  type ConfigurationInput,
  parseConfiguration,
} from '../../../protocol/configuration/configuration.js';
import { descriptionSchema } from '../../../protocol/description.js';
import { servedData } from '../../coordinator/setup/served-data.js';
import { FederationError } from '../../error.js';
import { sharesOf } from '../../plan/dealt-shares.js';
import { shareChoice } from '../../plan/share-choice.js';
import { loadOwnData } from './load-own-data.js';

const sample = join(import.meta.dirname, '../../../../test/fixtures/fashion-mnist-sample');
const root = await mkdtemp(join(tmpdir(), 'commonweight-own-data-'));
afterAll(() => rm(root, { recursive: true }));

const configurationOf = (partition: ConfigurationInput['partition']) =>
  parseConfiguration(
    {
      ...{ seed: 7, partition, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 1 },
    },
    'test',
  );
const facts = {
  configuration: configurationOf({ name: 'v' }),
  ...pictureColumns([1, 4, 4], ['ant', 'bee', 'cat']),
};
const digits = {
  ...facts,
  ...pictureColumns([1, 28, 28], [...'0123456789']),
};

const labelsOf = ({ targets: [labels] }: Dataset) => labels!.values;

/** Five pictures a class, each in its own grey. */
async function pictures(name: string, classes: readonly string[], size = 4) {
  for (const [at, label] of classes.entries()) {
    await mkdir(join(root, name, label), { recursive: true });
    for (let i = 0; i < 5; i++) {
      const values = new Uint8Array(size * size).fill(10 * at + i);
      const picture = sharp(values, { raw: { width: size, height: size, channels: 1 } });
      await writeFile(
        join(root, name, label, `${i}.png`),
        await picture.toColourspace('b-w').png().toBuffer(),
      );
    }
  }
  return join(root, name);
}

describe('own data', () => {
  it('has the federation’s classes in either spelling of Unicode', async () => {
    const folder = await pictures('spelled', ['café'.normalize('NFD'), 'thé'.normalize('NFC')]);
    for (const form of ['NFC', 'NFD'] as const) {
      const classNames = ['x', 'thé', 'café'].map((name) => name.normalize(form));
      const { inputs, targets } = pictureColumns([1, 4, 4], classNames);
      const parsed = descriptionSchema.pick({ inputs: true, targets: true }).parse({ inputs, targets });
      const { dataset } = await loadOwnData(folder, 'site-b', { ...facts, ...parsed });
      expect([...labelsOf(dataset)]).toEqual([2, 2, 2, 2, 2, 1, 1, 1, 1, 1]);
    }
  });

  it('is all the participant’s own, a part of it for validation, with the federation’s class numbers', async () => {
    const folder = await pictures('few', ['cat', 'bee']);
    const { dataset, share } = await loadOwnData(folder, 'site-b', facts);
    expect(categoriesOf(dataset)).toEqual(['ant', 'bee', 'cat']);
    expect([...labelsOf(dataset)]).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    expect(share.name).toBe('site-b');
    expect(share.validation).toHaveLength(1);
    expect([...share.train, ...share.validation].sort((a, b) => a - b)).toEqual([...Array(10).keys()]);
  });

  it('names a class that the federation does not know', async () => {
    const folder = await pictures('foreign', ['ant', 'cats']);
    const refusal = loadOwnData(folder, 'site-b', facts);
    await expect(refusal).rejects.toBeInstanceOf(FederationError);
    await expect(refusal).rejects.toThrow(
      'has "cats" 5 times in "labels", which this federation does not know, expected "ant", "bee", "cat"',
    );
    await expect(refusal).rejects.toHaveProperty('hint', 'rename it, if it is "cat", or leave it out');
  });

  it('makes pictures of another size fit, and says so', async () => {
    const folder = await pictures('large', ['ant', 'bee'], 6);
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const { dataset } = await loadOwnData(folder, 'site-b', facts, { onNotice });
    expect(dataset.inputs[0]!.shape).toEqual([1, 4, 4]);
    expect(notices.join()).toContain('10 of 10 pictures');
  });

  it('needs no test images', async () => {
    const folder = join(root, 'train-only');
    for (const file of ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz']) {
      await cp(join(sample, file), join(folder, file));
    }
    const { dataset, share } = await loadOwnData(folder, 'site-a', digits);
    expect(share.train.length + share.validation.length).toBe(1280);
    expect(dataset.examples).toBe(1280);
    const only = await pictures('below-train/train', ['ant', 'bee']);
    const below = await loadOwnData(join(only, '..'), 'site-a', facts);
    expect(below.dataset.examples).toBe(10);
  });

  it('is refused when its images are of another shape', async () => {
    await expect(loadOwnData(sample, 'site-a', facts)).rejects.toThrow(
      'is images u8[1,28,28] (picture), expected images u8[1,4,4]',
    );
  });

  it('without names of classes is taken by their numbers, and that is said', async () => {
    const named = { ...digits, ...pictureColumns([1, 28, 28], fashionMnistClassNames) };
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    const { dataset } = await loadOwnData(sample, 'site-a', named, { onNotice });
    expect(categoriesOf(dataset)).toEqual(fashionMnistClassNames);
    expect(notices).toEqual([expect.stringContaining(`0 is taken for "${fashionMnistClassNames[0]}"`)]);
  });

  it.each([
    ['v:2/2', { name: 'v', participants: 2 }],
    ['h:1/3', { name: 'h', participants: 3 }],
    ['dirichlet:alpha=0.3:3/4', { name: 'dirichlet', alpha: 0.3, participants: 4 }],
  ] as const)('is the share %s that `run` deals out', async (text, setting) => {
    const configuration = configurationOf(setting);
    const choice = shareChoice(text);
    const { share } = await loadOwnData(sample, 'site-a', { ...digits, configuration }, { choice });
    const shares = sharesOf(configuration, await loadDataset(sample), 'test');
    expect(share).toEqual({ ...shares[choice.part - 1], name: 'site-a' });
  });
});

describe('a share, in a line', () => {
  it.each([
    ['v', 'expected PARTITIONER:PART/PARTS'],
    ['v:0/2', 'expected a part from 1 to 2'],
    ['v:3/2', 'expected a part from 1 to 2'],
    ['dirichlet:beta=1:1/2', 'expected settings such as alpha=0.5'],
    ['dirichlet:alpha=x:1/2', 'expected a number above 0 for alpha'],
  ])('is refused as %s', (text, expected) => {
    expect(() => shareChoice(text)).toThrow(`the share is "${text}", ${expected}`);
  });

  it('names a partitioner that there is, and settings that it has', () => {
    expect(() => shareChoice('w:1/2')).toThrow(PartitionError);
    expect(() => shareChoice('v:alpha=1:1/2')).toThrow('"v" has no setting "alpha"');
  });
});

describe('pictures with masks', () => {
  it('are brought to the federation’s size, and those that are for a test are left out', async () => {
    const folder = join(root, 'masked');
    const write = async (path: string, values: readonly number[], width: number) => {
      const raw = { width, height: values.length / width, channels: 1 } as const;
      await mkdir(join(folder, path, '..'), { recursive: true });
      const picture = sharp(Uint8Array.from(values), { raw }).toColourspace('b-w');
      await picture.png().toFile(join(folder, path));
    };
    for (const [part, name] of [...'ab', 'test'].map((name) => [name === 'test' ? 'test' : 'train', name])) {
      await write(`${part}/images/${name}.png`, [10, 10, 20, 20], 4);
      await write(`${part}/masks/${name}.png`, [0, 0, 7, 9], 4);
    }
    const settings: ConfigurationInput = {
      data: {
        kind: 'pictures',
        masks: { folder: 'masks', classes: { ground: 0, road: 7 }, ignored: 9 },
      },
      ...{ partition: { name: 'own' }, model: { name: 'unet' } },
      ...{ optimizer: { name: 'adam' }, dataset: 'none', imageShape: [1, 2, 4] },
      ...{ local: { epochs: 1 }, rounds: 1 },
    };
    const configuration = parseConfiguration(settings, 'test');
    const served = await servedData(configuration, settings, { out: root, test: undefined });
    const [inputs, targets] = [served.facts.inputs, served.facts.targets].map((of) => of.map(factsOf));
    const described = { configuration, inputs: inputs!, targets: targets! };
    const { dataset } = await loadOwnData(folder, 'a', described);
    expect(dataset.examples).toBe(2);
    expect(dataset.inputs[0]!.shape).toEqual([1, 2, 4]);
    expect(dataset.targets[0]).toMatchObject({
      ...{ name: 'mask', shape: [2, 4] },
      meaning: { names: ['ground', 'road'], ignored: 255 },
    });
    const mask = [0, 0, 1, 255, 0, 0, 1, 255];
    expect([...labelsOf(dataset)]).toEqual([...mask, ...mask]);
  });
});
