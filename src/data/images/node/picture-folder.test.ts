import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { loadPictureFolder } from './picture-folder.js';

const root = await mkdtemp(join(tmpdir(), 'commonweight-pictures-'));
afterAll(() => rm(root, { recursive: true }));
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'set-'));
});

async function put(path: string, bytes: Uint8Array | string): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
  return file;
}

/** A picture of these bytes, [height, width, channels]. */
const picture = (values: number[], width: number, channels: 1 | 2 | 3 | 4) =>
  sharp(Uint8Array.from(values), { raw: { width, height: values.length / width / channels, channels } });
const grey = (value: number, width = 2, height = 3) =>
  picture(Array(width * height).fill(value), width, 1)
    .toColourspace('b-w')
    .png()
    .toBuffer();

async function putClasses(...classes: string[]): Promise<void> {
  for (const name of classes) {
    for (let i = 0; i < 5; i++) await put(`${name}/${i}.png`, await grey(10 * i));
  }
}

describe('a folder of pictures', () => {
  it('is read in the order of names, with a seeded part of each class held out', async () => {
    await putClasses('cat', 'ant');
    const { train, test } = await loadPictureFolder(folder, { seed: 1 });
    expect(train).toMatchObject({
      examples: 8,
      channels: 1,
      height: 3,
      width: 2,
      classNames: ['ant', 'cat'],
    });
    expect([...train.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...test.labels]).toEqual([0, 1]);
    const values = [0, 1, 2, 3].map((place) => train.images[place * 6]!);
    expect([...values, test.images[0]!].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40]);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(await loadPictureFolder(folder, { seed: 1 })).toEqual({ train, test });
  });

  it('has the same classes whichever way Unicode spells them, and numbers in their order', async () => {
    const spelled = { train: '카페'.normalize('NFD'), test: '카페' };
    for (const [part, cafe] of Object.entries(spelled)) {
      for (const name of ['10', '2', '1', cafe]) await put(`${part}/${name}/1.png`, await grey(7));
    }
    const { train, test } = await loadPictureFolder(folder);
    expect(train.classNames).toEqual(['1', '2', '10', '카페']);
    expect(test.classNames).toEqual(train.classNames);
  });

  it('is refused where two folders are one class in two spellings, with both', async () => {
    await putClasses('caf\u00e9', 'cafe\u0301', 'tea');
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      /has the folders "cafe\\u0301" and "caf\\u00e9", two spellings of the class "café", expected one folder for each class$/,
    );
  });

  it('takes train/ and test/ as they are, colours plane by plane', async () => {
    await put('train/a/1.png', await picture([1, 2, 3, 4, 5, 6], 2, 3).png().toBuffer());
    await put('test/a/1.png', await picture([7, 8, 9, 10, 11, 12], 2, 3).png().toBuffer());
    const { train, test } = await loadPictureFolder(folder);
    expect([...train.images]).toEqual([1, 4, 2, 5, 3, 6]);
    expect([...test.images]).toEqual([7, 10, 8, 11, 9, 12]);
    expect(train).toMatchObject({ channels: 3, height: 1, width: 2 });
  });

  it('makes pictures alike in size and channels, and says so', async () => {
    await put('a/1.png', await grey(100));
    await put('a/2.png', await grey(200, 8, 8));
    await put('b/1.jpg', await picture(Array(300).fill(50), 10, 3).jpeg().toBuffer());
    await put('b/2.png', await picture([255, 0, 0, 0], 1, 4).png().toBuffer());
    const notices: string[] = [];
    const { train, test } = await loadPictureFolder(folder, { onNotice: (notice) => notices.push(notice) });
    const firstBytes = [train, test].flatMap(({ images }) => [images[0]!, images[6]!]);
    expect(firstBytes.sort((a, b) => a - b)).toEqual([50, 100, 200, 255]);
    expect(notices).toEqual([expect.stringContaining('3 of 4 pictures')]);
    const colour = await loadPictureFolder(folder, { height: 5, width: 4, channels: 3 });
    expect(colour.train).toMatchObject({ channels: 3, height: 5, width: 4 });
    expect((await loadPictureFolder(folder, { width: 4 })).train).toMatchObject({ height: 4, width: 4 });
  });

  it('scales 16-bit pictures to bytes and turns photographs upright', async () => {
    const deep = sharp(Uint16Array.of(0, 0x8080, 0xffff), { raw: { width: 3, height: 1, channels: 1 } });
    await put('train/a/1.png', await deep.toColourspace('grey16').png().toBuffer());
    const turned = picture([0, 255], 2, 1).toColourspace('b-w').withMetadata({ orientation: 6 });
    await put('test/a/1.png', await turned.png().toBuffer());
    const { train } = await loadPictureFolder(folder);
    expect([...train.images]).toEqual([0, 128, 255]);
    const { test } = await loadPictureFolder(folder, { height: 2, width: 1 });
    expect([...test.images]).toEqual([0, 255]);
  });

  it('ignores what desktops leave behind', async () => {
    await putClasses('a', 'b');
    await put('a/.DS_Store', 'x');
    await put('b/Thumbs.db', 'x');
    await put('README.txt', 'x');
    expect((await loadPictureFolder(folder)).train.examples).toBe(8);
  });

  it('names the file that is no picture', async () => {
    await putClasses('a', 'b');
    const text = await put('b/5.png', 'this is text');
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${text}" cannot be decoded as PNG or JPEG`,
    );
    await rm(text);
    const half = await put('b/6.jpg', (await sharp({ create: noise }).jpeg().toBuffer()).subarray(0, 2000));
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${half}" cannot be decoded as PNG or JPEG`,
    );
    await rm(half);
    const gif = await put(
      'b/7.png',
      await sharp(await grey(1))
        .gif()
        .toBuffer(),
    );
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${gif}" is gif inside, expected PNG or JPEG`,
    );
    await rm(gif);
    const notes = await put('a/notes.txt', 'x');
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${notes}" is not a picture, expected .png, .jpg or .jpeg`,
    );
  });

  it('refuses a picture above 40 megapixels before it decodes it', async () => {
    await putClasses('a');
    const create = { width: 8000, height: 5001, channels: 3, background: '#000' } as const;
    const large = await put('a/9.png', await sharp({ create }).png({ compressionLevel: 1 }).toBuffer());
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${large}" has 8000 x 5001 pixels, expected at most 40 megapixels`,
    );
  });

  it('refuses another layout with the one it expects', async () => {
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      `data: "${folder}" has no folders, expected one for each class`,
    );
    await putClasses('a');
    await mkdir(join(folder, 'b'));
    await expect(loadPictureFolder(folder)).rejects.toThrow('data: the class "b" has no pictures in');
    await put('b/deeper/1.png', await grey(1));
    await expect(loadPictureFolder(folder)).rejects.toThrow('is a folder, expected pictures only in a class');
  });

  it('refuses a test set with other classes than the training set', async () => {
    await putClasses('train/a', 'train/b', 'test/a');
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      'has the class "b" in train/ but not in test/, expected the same classes in both',
    );
  });

  it('refuses settings out of range', async () => {
    await putClasses('a');
    await expect(loadPictureFolder(folder, { width: 0 })).rejects.toThrow('the height is 0');
    await expect(loadPictureFolder(folder, { testFraction: 1 })).rejects.toThrow('the test fraction is 1');
    await expect(loadPictureFolder(folder, { channels: 2 as 1 })).rejects.toThrow('channels is 2');
  });
});

const noise = {
  width: 100,
  height: 100,
  channels: 3,
  background: '#000',
  noise: { type: 'gaussian', mean: 128, sigma: 30 },
} as const;
