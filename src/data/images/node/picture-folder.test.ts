import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bitmap } from '../../../../test/bitmap.js';
import type { DataError } from '../../error.js';
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
    expect(await loadPictureFolder(folder, { seed: 1 })).toEqual({ train, test, isWhole: false });
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

  it('brings pictures to their median size, in colour if one of them has any, and says so', async () => {
    await put('a/1.png', await grey(100, 4, 4));
    await put('a/2.png', await grey(200));
    await put('b/1.jpg', await picture(Array(300).fill(50), 10, 3).jpeg().toBuffer());
    await put('b/2.png', await picture([255, 0, 0, 0], 1, 4).png().toBuffer());
    const notices: string[] = [];
    const { train, test } = await loadPictureFolder(folder, { onNotice: (notice) => notices.push(notice) });
    expect(train).toMatchObject({ channels: 3, height: 3, width: 2 });
    const firstBytes = [train, test].flatMap(({ images }) => [images[0]!, images[18]!]);
    expect(firstBytes.sort((a, b) => a - b)).toEqual([50, 100, 200, 255]);
    expect(notices).toEqual([
      `data: 3 of 4 pictures in "${folder}" were stretched to 3x2 (height x width), in colour; their median is 3x2`,
    ]);
    const grown = await loadPictureFolder(folder, { height: 5, width: 4, channels: 1 });
    expect(grown.train).toMatchObject({ channels: 1, height: 5, width: 4 });
    expect((await loadPictureFolder(folder, { width: 4 })).train).toMatchObject({ height: 4, width: 4 });
  });

  it('takes photographs at 96 pixels unless it is told another size', async () => {
    for (const name of ['a/1.jpg', 'a/2.jpg'])
      await put(
        name,
        await sharp({ create: { ...noise, width: 400, height: 300 } })
          .jpeg()
          .toBuffer(),
      );
    expect((await loadPictureFolder(folder)).train).toMatchObject({ height: 72, width: 96 });
  });

  it('crops or pads instead of stretching where that is asked for', async () => {
    // Black, white, black: three pixels beside one another.
    for (const name of ['a/1.png', 'a/2.png'])
      await put(name, await picture([9, 255, 9], 3, 1).toColourspace('b-w').png().toBuffer());
    const size = { height: 1, width: 1, wanted: 'training' } as const;
    const [stretched, cropped, padded] = await Promise.all(
      (['stretch', 'crop', 'pad'] as const).map((fit) => loadPictureFolder(folder, { ...size, fit })),
    );
    expect(cropped!.train.images[0]).toBe(255);
    expect(stretched!.train.images[0]).not.toBe(255);
    const tall = await loadPictureFolder(folder, { ...size, width: 3, height: 3, fit: 'pad' });
    expect([...tall.train.images.subarray(0, 9)]).toEqual([0, 0, 0, 9, 255, 9, 0, 0, 0]);
    expect(padded!.train.examples).toBe(2);
  });

  it('reads every format that people have, the first frame of a moving one, and bitmaps of Windows', async () => {
    const red = { r: 200, g: 0, b: 0 };
    const one = sharp({ create: { width: 8, height: 8, channels: 3, background: red } });
    const frames = sharp(
      Uint8Array.from({ length: 3 * 8 * 16 }, (_, i) => (i < 192 && i % 3 === 0 ? 200 : 0)),
      { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } },
    );
    await put('a/1.webp', await one.clone().webp({ lossless: true }).toBuffer());
    await put('a/2.gif', await frames.gif({ delay: [100, 100] }).toBuffer());
    await put('a/3.tiff', await one.clone().tiff().toBuffer());
    await put('a/4.avif', await one.clone().avif({ lossless: true }).toBuffer());
    await put('a/5.JPG', await one.clone().jpeg({ quality: 100 }).toBuffer());
    // Blue comes first.
    const row = Array(8).fill([0, 0, 200]).flat();
    await put('a/6.bmp', bitmap({ width: 8, height: 8, bits: 24, rows: Array(8).fill(row) }));
    const { train } = await loadPictureFolder(folder, { wanted: 'training' });
    expect(train).toMatchObject({ examples: 6, channels: 3, height: 8, width: 8 });
    for (let example = 0; example < 6; example++) {
      const planes = [0, 64, 128].map((plane) => train.images[192 * example + plane + 20]!);
      expect(Math.abs(planes[0]! - 200)).toBeLessThanOrEqual(3);
      expect(Math.max(planes[1]!, planes[2]!)).toBeLessThanOrEqual(3);
    }
  });

  it('scales 16-bit pictures to bytes and turns photographs upright', async () => {
    const deep = sharp(Uint16Array.of(0, 0x8080, 0xffff), { raw: { width: 3, height: 1, channels: 1 } });
    await put('train/a/1.png', await deep.toColourspace('grey16').png().toBuffer());
    const turned = picture([0, 255], 2, 1).toColourspace('b-w').withMetadata({ orientation: 6 });
    await put('test/a/1.png', await turned.png().toBuffer());
    const { train } = await loadPictureFolder(folder, { height: 1, width: 3, channels: 1 });
    expect([...train.images]).toEqual([0, 128, 255]);
    const { test } = await loadPictureFolder(folder, { height: 2, width: 1, channels: 1 });
    expect([...test.images]).toEqual([0, 255]);
  });

  it('ignores what desktops leave behind', async () => {
    await putClasses('a', 'b');
    await put('a/.DS_Store', 'x');
    await put('b/Thumbs.db', 'x');
    await put('README.txt', 'x');
    expect((await loadPictureFolder(folder)).train.examples).toBe(8);
  });

  /** A folder with something wrong of each kind, and what is said of it. */
  async function putDamaged(): Promise<string[]> {
    await putClasses('a', 'b');
    const jpeg = await sharp({ create: noise }).jpeg().toBuffer();
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"/>');
    return [
      `"${await put('a/notes.txt', 'x')}" is not a picture, expected .png`,
      `"${await put('b/7.heic', 'x')}" is HEIC`,
      `"${await put('b/5.png', 'this is text')}" cannot be decoded as a picture`,
      `"${await put('b/8.png', svg)}" is svg inside, expected PNG, JPEG, WebP`,
      `"${await put('b/6.jpg', jpeg.subarray(0, 2000))}" cannot be decoded as a picture`,
    ];
  }

  it('names all files that cannot be used at once, and how to leave them out', async () => {
    const expected = await putDamaged();
    const refusal = await loadPictureFolder(folder).catch((error: unknown) => error as DataError);
    const { message, hint } = refusal as DataError;
    expect(message).toContain(`data: 5 files of "${folder}" cannot be used: `);
    for (const said of expected) expect(message).toContain(said);
    expect(message).not.toContain('\n');
    expect(hint).toContain('--skip-damaged');
  });

  it('names the first ten of many, and counts the others', async () => {
    await putClasses('a');
    for (let i = 0; i < 14; i++) await put(`a/x${i}.txt`, 'x');
    const refusal = await loadPictureFolder(folder).catch((error: unknown) => error as DataError);
    const { message } = refusal as DataError;
    expect(message.match(/is not a picture/g)).toHaveLength(10);
    expect(message).toMatch(/14 files.*; and 4 more$/);
  });

  it('leaves them out where that is asked for, and says which', async () => {
    const expected = await putDamaged();
    const notices: string[] = [];
    const options = { skipDamaged: true, height: 3, onNotice: (notice: string) => notices.push(notice) };
    const { train, test } = await loadPictureFolder(folder, { ...options, width: 2 });
    expect(train.examples + test.examples).toBe(10);
    expect(train).toMatchObject({ height: 3, width: 2, classNames: ['a', 'b'] });
    const [said, ...others] = notices.filter((notice) => notice.includes('left out'));
    expect(others).toEqual([]);
    for (const one of expected) expect(said).toContain(one);
  });

  it('is refused where nothing is left of it', async () => {
    await put('a/1.png', 'text');
    await put('b/1.png', 'text');
    await expect(loadPictureFolder(folder, { skipDamaged: true })).rejects.toThrow('2 files of');
    await expect(loadPictureFolder(folder, { skipDamaged: true, wanted: 'test' })).rejects.toThrow(
      '2 files of',
    );
  });

  it('takes as long as somebody waits for it, and says how far it is', async () => {
    await putClasses('a', 'b');
    const told: unknown[] = [];
    await loadPictureFolder(folder, { wanted: 'training', onProgress: (progress) => told.push(progress) });
    const what = `pictures of "${folder}"`;
    expect(told[0]).toEqual({ what, done: 0, of: 10 });
    expect(told.at(-1)).toEqual({ what, done: 10, of: 10 });
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    const stopped = loadPictureFolder(folder, { signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow('enough');
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
    const { train } = await loadPictureFolder(folder, { skipDamaged: true });
    expect(train.classNames).toEqual(['a']);
  });

  it('takes folders in a class for a part of it, and passes over those around the classes', async () => {
    for (const name of ['cat/monday/1', 'cat/monday/late/2', 'cat/3', 'dog/tuesday/1', 'dog/tuesday/2'])
      await put(`archive/photos/${name}.png`, await grey(1));
    const { train } = await loadPictureFolder(folder, { wanted: 'training' });
    expect(train.classNames).toEqual(['cat', 'dog']);
    expect([...train.labels]).toEqual([0, 0, 0, 1, 1]);
  });

  it('knows train, val and test in any case, and says what it does not use', async () => {
    const notices: string[] = [];
    await putClasses('Train/a', 'Train/b', 'VAL/a', 'Test/a', 'Test/b', 'others');
    await put('README.txt', 'x');
    await put('Train/labels.csv', 'x');
    const options = { onNotice: (notice: string) => notices.push(notice) };
    const { train, test } = await loadPictureFolder(folder, options);
    expect([train.examples, test.examples]).toEqual([10, 10]);
    expect(train.classNames).toEqual(['a', 'b']);
    expect(notices).toEqual([`data: not used of "${folder}": VAL/, README.txt, others/, labels.csv`]);
  });

  it('holds out what is called validation where nothing is called a test', async () => {
    await putClasses('train/a', 'train/b', 'val/a', 'val/b');
    const { train, test } = await loadPictureFolder(folder);
    expect([train.examples, test.examples]).toEqual([10, 10]);
  });

  it('takes a folder called train beside other classes for a class', async () => {
    await putClasses('train', 'bus', 'tram');
    expect((await loadPictureFolder(folder)).train.classNames).toEqual(['bus', 'train', 'tram']);
  });

  it('is all for the test, or all for training, where one of them is wanted and nothing divides it', async () => {
    await putClasses('a', 'b');
    const test = await loadPictureFolder(folder, { wanted: 'test' });
    expect([test.train.examples, test.test.examples, test.isWhole]).toEqual([0, 10, true]);
    const training = await loadPictureFolder(folder, { wanted: 'training' });
    expect([training.train.examples, training.test.examples]).toEqual([10, 0]);
    await putClasses('c/a');
    await rm(join(folder, 'a'), { recursive: true });
    await rm(join(folder, 'b'), { recursive: true });
    await putClasses('test/a', 'train/a');
    await rm(join(folder, 'c'), { recursive: true });
    const divided = await loadPictureFolder(folder, { wanted: 'test' });
    expect([divided.train.examples, divided.test.examples, divided.isWhole]).toEqual([0, 5, false]);
  });

  it('may lack a class in its test, but not in its training', async () => {
    await putClasses('train/a', 'train/b', 'test/a');
    const notices: string[] = [];
    const { test } = await loadPictureFolder(folder, { onNotice: (notice) => notices.push(notice) });
    expect([...test.labels]).toEqual([0, 0, 0, 0, 0]);
    expect(notices).toEqual([`data: no test picture in "${folder}" of "b"`]);
    await putClasses('test/c');
    await expect(loadPictureFolder(folder)).rejects.toThrow(
      /c\/0\.png" is of a class that .* has for the test only, expected one of those for training: a, b$/,
    );
  });

  it('says when a class has one picture, or when there is one class', async () => {
    const notices: string[] = [];
    const onNotice = (notice: string) => notices.push(notice);
    await putClasses('a');
    await loadPictureFolder(folder, { onNotice });
    await put('b/1.png', await grey(1));
    await loadPictureFolder(folder, { onNotice });
    expect(notices).toEqual([
      `data: "${folder}" has one class only, "a": there is nothing to tell it from`,
      `data: one picture only in "${folder}" of "b"`,
    ]);
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
