import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { isIdxFileName } from '../idx-names.js';
import { loadIdxFolder } from './idx-folder.js';

const sample = join(import.meta.dirname, '../../../../test/fixtures/fashion-mnist-sample');
const root = await mkdtemp(join(tmpdir(), 'commonweight-idx-'));
afterAll(() => rm(root, { recursive: true }));

const roles = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

async function folderOf(name: string, rename: (file: string) => string, plain = false): Promise<string> {
  const folder = join(root, name);
  await mkdir(folder, { recursive: true });
  for (const file of roles) {
    const bytes = await readFile(join(sample, `${file}.gz`));
    await writeFile(join(folder, rename(file)), plain ? gunzipSync(bytes) : bytes);
  }
  return folder;
}

describe('a folder in IDX format', () => {
  it.each([
    ['the usual names', 'mnist', (file: string) => `${file}.gz`, 'mnist'],
    ['dots for dashes', 'dots', (file: string) => file.replace('-idx', '.idx'), 'dots'],
    [
      "EMNIST's names",
      'gzip',
      (file: string) => `emnist-digits-${file.replace('t10k', 'test')}.gz`,
      'emnist-digits',
    ],
  ])('is read under %s', async (_, folder, rename, name) => {
    const { train, test } = await loadIdxFolder(await folderOf(folder, rename, folder === 'dots'));
    expect(train).toMatchObject({ name, examples: 1280, channels: 1, height: 28, width: 28 });
    expect(train.classNames).toEqual([...'0123456789']);
    expect(test.examples).toBe(640);
  });

  it('is one set where its names are spelled in two ways', async () => {
    const name = 'café';
    const folder = await folderOf(
      'spellings',
      (file) => `${name.normalize(file.includes('labels') ? 'NFD' : 'NFC')}-${file}.gz`,
    );
    expect((await loadIdxFolder(folder)).train.name).toBe(name.normalize('NFC'));
  });

  it('names what is missing', async () => {
    const folder = join(root, 'partial');
    await mkdir(folder);
    await cp(join(sample, `${roles[0]}.gz`), join(folder, `${roles[0]}.gz`));
    await expect(loadIdxFolder(folder)).rejects.toThrow(
      `data: "${folder}" lacks train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or the same with .gz)`,
    );
    await expect(loadIdxFolder(join(root, 'none'))).rejects.toThrow('there is no such file');
  });

  it('is refused where the files of several sets lie together', async () => {
    const folder = await folderOf('two', (file) => `emnist-digits-${file}.gz`);
    await folderOf('two', (file) => `emnist-letters-${file}.gz`);
    await expect(loadIdxFolder(folder)).rejects.toThrow(
      'holds the files of 2 sets ("emnist-digits", "emnist-letters"), expected one',
    );
  });

  it('is read without what macOS writes beside each file on disks of others', async () => {
    const folder = await folderOf('stick', (file) => `${file}.gz`);
    for (const file of roles) await writeFile(join(folder, `._${file}.gz`), 'resource fork');
    expect((await loadIdxFolder(folder)).train).toMatchObject({ name: 'stick', examples: 1280 });
  });

  it('is recognised by its file names alone', () => {
    expect(isIdxFileName('train-images-idx3-ubyte')).toBe(true);
    expect(isIdxFileName('emnist-byclass-test-labels-idx1-ubyte.gz')).toBe(true);
    expect(isIdxFileName('train-images.png')).toBe(false);
  });
});
