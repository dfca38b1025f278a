import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { loadDataset } from './load-dataset.js';

const sample = join(import.meta.dirname, '../../../../test/fixtures/fashion-mnist-sample');
const root = await mkdtemp(join(tmpdir(), 'commonweight-load-'));
afterAll(() => rm(root, { recursive: true }));

describe('a data set', () => {
  it('is a folder of IDX files or of pictures, whichever the folder holds', async () => {
    expect((await loadDataset(sample)).train).toMatchObject({ name: 'fashion-mnist-sample', examples: 1280 });
    const create = { width: 4, height: 4, channels: 3, background: '#123' } as const;
    for (const file of ['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png']) {
      await mkdir(join(root, 'pictures', file, '..'), { recursive: true });
      await sharp({ create }).toFile(join(root, 'pictures', file));
    }
    const { train, test } = await loadDataset(join(root, 'pictures'));
    expect(train).toMatchObject({ name: 'pictures', examples: 2, classNames: ['a', 'b'] });
    expect(test.examples).toBe(2);
  });

  it('is Fashion-MNIST from a folder only where it is that set', async () => {
    await expect(loadDataset('fashion-mnist', { dataDir: sample })).rejects.toThrow(
      'is not the file of Fashion-MNIST',
    );
  });

  it('is refused with what is accepted, and with what may have been meant', async () => {
    await expect(loadDataset('fashion_mnist')).rejects.toMatchObject({
      message: expect.stringContaining(
        'data: "fashion_mnist" is neither a known data set nor a folder, expected "fashion-mnist", or a folder with train-images-idx3-ubyte',
      ),
      hint: 'did you mean "fashion-mnist"?',
    });
    const empty = join(root, 'empty');
    await mkdir(empty);
    await expect(loadDataset(empty)).rejects.toThrow('is an empty folder');
    await writeFile(join(empty, 'data.csv'), '1,2');
    await expect(loadDataset(empty)).rejects.toThrow('is a folder without a data set');
    await expect(loadDataset(join(empty, 'data.csv'))).rejects.toThrow('is a file');
  });

  it('is read as IDX where one of the files is there, to say which are missing', async () => {
    const partial = join(root, 'partial');
    await mkdir(partial);
    await cp(join(sample, 'train-images-idx3-ubyte.gz'), join(partial, 'train-images-idx3-ubyte.gz'));
    await expect(loadDataset(partial)).rejects.toThrow('lacks train-labels-idx1-ubyte');
  });
});
