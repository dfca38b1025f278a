import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { pictureColumns } from '../../../../test/picture-columns.js';
import { columnsOf, factsOf } from '../../../data/dataset.js';
import type { PageFile } from '../../../data/page/page-files.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { loadOwnData } from '../node/load-own-data.js';
import { ownData } from '../own-data.js';
import { readPageData } from './page-data.js';

const sample = join(import.meta.dirname, '../../../../test/fixtures/fashion-mnist-sample');
const IMAGES = 'train-images-idx3-ubyte';
const LABELS = 'train-labels-idx1-ubyte';
const gz = (name: string) => new Uint8Array(readFileSync(join(sample, `${name}.gz`)));
const plain = (name: string) => new Uint8Array(gunzipSync(gz(name)));

const configuration = parseConfiguration(
  {
    ...{ seed: 7, partition: { name: 'v' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
    ...{ local: { epochs: 1 }, rounds: 1 },
  },
  'test',
);
const digits = {
  configuration,
  ...pictureColumns([1, 28, 28], [...'0123456789']),
};
const CLOTHES = ['dress', 'shirt', 'shoe'];
const clothes = { configuration, ...pictureColumns([1, 28, 28], CLOTHES) };

const file = (path: string, content: Uint8Array<ArrayBuffer> | string = ''): PageFile => ({
  path,
  file: new File([content], path.split('/').at(-1)!),
});
const pictures = (...paths: string[]) => paths.map((path) => file(path, 'not decoded'));

describe('IDX files in a page', () => {
  it('are the data and the share of a native participant, compressed or not, in a folder or by themselves', async () => {
    const native = await loadOwnData(sample, 'site-b', digits);
    const chosen = [
      [file(`${IMAGES}.gz`, gz(IMAGES)), file(`${LABELS}.gz`, gz(LABELS))],
      [file(`sets/mnist/${IMAGES}`, plain(IMAGES)), file(`sets/mnist/${LABELS}`, plain(LABELS))],
    ];
    for (const files of chosen) {
      const { dataset, share } = ownData(await readPageData(files, digits), 'site-b', digits);
      expect(share).toEqual(native.share);
      expect(columnsOf(dataset).map(factsOf)).toEqual(columnsOf(native.dataset).map(factsOf));
      for (const [at, { values }] of columnsOf(dataset).entries()) {
        expect(
          Buffer.compare(values as Uint8Array, columnsOf(native.dataset)[at]!.values as Uint8Array),
        ).toBe(0);
      }
    }
  });

  it('are refused without labels, and where labels and images are not of one set', async () => {
    await expect(readPageData([file(`${IMAGES}.gz`, gz(IMAGES))], digits)).rejects.toThrow(
      `data: "the chosen files" lacks ${LABELS} (or the same with .gz)`,
    );
    const few = plain(LABELS).slice(0, 8 + 10);
    new DataView(few.buffer).setUint32(4, 10);
    const files = [file(`set/${IMAGES}`, plain(IMAGES)), file(`set/${LABELS}`, few)];
    await expect(readPageData(files, digits)).rejects.toThrow(
      `data: "set/${IMAGES}" holds 1280 images but "set/${LABELS}" 10 labels`,
    );
  });

  it('are refused when they are cut short, compressed or not', async () => {
    const labels = file(LABELS, plain(LABELS));
    const short = [file(IMAGES, plain(IMAGES).slice(0, 5000)), labels];
    await expect(readPageData(short, digits)).rejects.toThrow(`data: "${IMAGES}" is truncated: 5000 bytes`);
    const damaged = [file(`${IMAGES}.gz`, gz(IMAGES).slice(0, 5000)), labels];
    await expect(readPageData(damaged, digits)).rejects.toThrow(
      `data: "${IMAGES}.gz" is truncated or damaged (gzip: `,
    );
  });

  it('are refused when they are larger than what a page holds, before they are read', async () => {
    const large = file(IMAGES, 'x');
    Object.defineProperty(large.file, 'size', { value: 2 ** 30 + 1 });
    await expect(readPageData([large, file(LABELS, plain(LABELS))], digits)).rejects.toThrow(
      `data: "${IMAGES}" takes more than 1073741824 bytes`,
    );
  });

  it('are not read any further when that is cancelled', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const files = [file(`${IMAGES}.gz`, gz(IMAGES)), file(`${LABELS}.gz`, gz(LABELS))];
    await expect(readPageData(files, digits, { signal })).rejects.toThrow('enough');
  });
});

describe('pictures in a page are refused before they are decoded', () => {
  it.each([
    ['when there are none', [], 'data: there is no file to read among those that were chosen'],
    [
      'when they lie loose in a folder',
      ['holiday/1.jpg', 'holiday/2.jpg', 'holiday/3.jpg'],
      'data: the pictures of "holiday" lie loose ("1.jpg" and 2 more), expected one folder a class',
    ],
    [
      'when they were chosen one by one',
      ['1.png'],
      'data: the pictures of "the chosen files" lie loose ("1.png"), expected one folder a class',
    ],
    [
      'when there is no picture',
      ['set/notes.txt'],
      'data: "set" holds "notes.txt", expected a folder of pictures with one folder a class, or train-images-idx3-ubyte and train-labels-idx1-ubyte (gzip or plain)',
    ],
    [
      'when there is a file of another kind among them',
      ['set/shirt/1.png', 'set/shirt/notes.txt', 'set/shoe/1.png'],
      'data: "set/shirt/notes.txt" is not a picture, expected .png, .jpg, .webp',
    ],
    [
      'when there are several, all at once',
      ['set/shirt/blue/1.png', 'set/shirt/blue/a.txt', 'set/shoe/1.png', 'set/shoe/labels.csv'],
      'data: 2 files of "set" cannot be used: "set/shirt/blue/a.txt" is not a picture',
    ],
    [
      'when there is one only',
      ['set/shirt/1.png'],
      'data: "set" holds 1 images, expected at least 2: one is set aside for validation',
    ],
  ])('%s', async (_, paths, message) => {
    const refusal = readPageData(pictures(...paths), clothes);
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toHaveProperty('hint', expect.any(String));
  });

  it('when they are of a class that the federation does not know', async () => {
    const refusal = readPageData(pictures('set/shirts/1.png', 'set/shoe/1.png'), clothes);
    await expect(refusal).rejects.toThrow(
      'data: "set" has "shirts" once in "labels", which this federation does not know, expected "dress", "shirt", "shoe"',
    );
    await expect(refusal).rejects.toHaveProperty('hint', 'rename it, if it is "shirt", or leave it out');
  });

  it('when two folders are one class in two spellings of Unicode', async () => {
    const files = pictures('set/shirt/1.png', 'set/caf\u00e9/1.png', 'set/cafe\u0301/1.png');
    const facts = { ...clothes, ...pictureColumns([1, 28, 28], [...CLOTHES, 'café']) };
    await expect(readPageData(files, facts)).rejects.toThrow(
      'data: "set" has the folders "cafe\\u0301" and "caf\\u00e9", two spellings of the class "café"',
    );
  });

  it('but not for the spelling of a class', async () => {
    const facts = { ...clothes, ...pictureColumns([1, 28, 28], [...CLOTHES, 'café']) };
    const files = [file('set/shirt/1.png', ''), file('set/cafe\u0301/1.png', '')];
    // Known by its name, it is looked at: it is no picture.
    await expect(readPageData(files, facts)).rejects.toThrow('the file is empty');
  });

  it('when they would take more memory than a page has', async () => {
    const facts = { ...clothes, ...pictureColumns([3, 4096, 4096], CLOTHES) };
    const many = Array.from({ length: 25 }, (_, i) => `set/shirt/${i}.png`);
    await expect(readPageData(pictures(...many), facts)).rejects.toThrow(
      'data: 25 pictures of "set" at 3x4096x4096 (channels x height x width) would take 1258291200 bytes of memory',
    );
  });

  it.each([
    [
      'a text named .png',
      'this is text',
      'cannot be decoded as a picture: its first bytes are those of another format',
    ],
    ['an empty file', '', 'cannot be decoded as a picture: the file is empty'],
    ['another format', '%PDF-1.7', 'is pdf inside, expected PNG, JPEG, WebP, GIF, AVIF or BMP'],
  ])('when one is %s', async (_, content, message) => {
    const files = [file('set/shirt/1.png', content), file('set/shoe/1.png', content)];
    await expect(readPageData(files, clothes)).rejects.toThrow(`data: "set/shirt/1.png" ${message}`);
  });
});
