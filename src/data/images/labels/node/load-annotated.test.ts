import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Dataset } from '../../../dataset.js';
import { png } from '../../png.js';
import { NO_CLASS } from '../label-settings.js';
import { loadAnnotated, loadAnnotatedSites } from './load-annotated.js';

const root = await mkdtemp(join(tmpdir(), 'commonweight-annotated-'));
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

const grey = (values: readonly number[], width: number) =>
  png({ width, height: values.length / width, channels: 1, bytes: Uint8Array.from(values) });
const plain = (value: number, width = 4, height = 2) => grey(Array(width * height).fill(value), width);

const values = (of: Dataset) => [...of.targets[0]!.values];
const firstPixels = (of: Dataset) => {
  const pixels = of.inputs[0]!.values as Uint8Array;
  return Array.from({ length: of.examples }, (_, i) => pixels[(i * pixels.length) / of.examples]);
};
const notices: string[] = [];
const options = { onNotice: (notice: string) => void notices.push(notice) };
beforeEach(() => void notices.splice(0));

const complaint = async (attempt: Promise<unknown>) => {
  const error = await attempt.then(
    () => undefined,
    (error) => error,
  );
  return error as { message: string; hint?: string };
};

describe('pictures with a table of labels', () => {
  const rows = (kind: (i: number) => string) =>
    `name,class\n${Array.from({ length: 10 }, (_, i) => `p${i}.png,${kind(i)}\n`).join('')}`;

  it('are a set with classes, as folders give one, in the order of names', async () => {
    for (let i = 0; i < 10; i++) await put(`p${i}.png`, plain(10 * i));
    await put(
      'labels.csv',
      rows((i) => (i % 2 === 0 ? 'even' : 'odd')),
    );
    await put('README.txt', 'x');
    const { train, test, isWhole } = await loadAnnotated(folder, { labels: 'labels.csv' }, options);
    expect([train.examples, test.examples, isWhole]).toEqual([8, 2, false]);
    expect(train.targets[0]!.meaning).toEqual({ kind: 'categories', names: ['even', 'odd'] });
    const pairs = [train, test].flatMap((set) => values(set).map((label, i) => [firstPixels(set)[i], label]));
    expect(pairs.sort((a, b) => a[0]! - b[0]!)).toEqual(
      Array.from({ length: 10 }, (_, i) => [10 * i, i % 2]),
    );
    expect(notices).toEqual([expect.stringMatching(/not used of ".*": README.txt/)]);
  });

  it('keep several labels for each, and the parts of a divided folder', async () => {
    for (let i = 0; i < 10; i++) await put(`${i < 7 ? 'train' : 'test'}/p${i}.png`, plain(i));
    const text = Array.from({ length: 10 }, (_, i) => `p${i},${i % 2},${Number(i > 4)}\n`).join('');
    await put('tags.csv', `id,odd,large\n${text}`);
    const labels = { file: 'tags.csv', columns: ['odd', 'large'] };
    const { train, test } = await loadAnnotated(folder, { labels }, options);
    expect(train.targets[0]).toMatchObject({ dtype: 'i32', shape: [2] });
    expect(values(train)).toEqual([0, 1, 2, 3, 4, 5, 6].flatMap((i) => [i % 2, Number(i > 4)]));
    expect(values(test)).toEqual([1, 1, 0, 1, 1, 1]);
    const own = await loadAnnotated(folder, { labels }, { ...options, wanted: 'training' });
    expect([own.train.examples, own.test.examples]).toEqual([7, 0]);
  });

  it('are refused with all problems at once, or left out', async () => {
    for (let i = 0; i < 4; i++) await put(`p${i}.png`, plain(i));
    await put('p4.png', 'no picture');
    await put('labels.csv', 'name,class\np0,a\np1,a\np2,b\np4,b\nq,a\n');
    const { message, hint } = await complaint(loadAnnotated(folder, { labels: 'labels.csv' }));
    expect(message).toContain('3 files of');
    expect(message).toContain('labels.csv", line 6: "q" is not in the folder');
    expect(message).toContain('"p3.png" has no label in');
    expect(message).toMatch(/p4.png" cannot be decoded/);
    expect(hint).toContain('--skip-damaged');
    const { train, test } = await loadAnnotated(
      folder,
      { labels: 'labels.csv' },
      { ...options, skipDamaged: true },
    );
    expect([...firstPixels(train), ...firstPixels(test)].sort()).toEqual([0, 1, 2]);
    expect(notices.some((notice) => /left out of .*, 3 in all/.test(notice))).toBe(true);
  });

  it('say where their table should be', async () => {
    await put('p.png', plain(1));
    const { message, hint } = await complaint(loadAnnotated(folder, { labels: 'labels.csv' }));
    expect(message).toMatch(/the labels of ".*" cannot be read: ".*labels.csv": there is no such file/);
    expect(hint).toContain('data.labels');
  });

  it('have one size and one numbering at all sites', async () => {
    const sites = ['north', 'south'];
    for (const [at, site] of sites.entries()) {
      for (let i = 0; i < 5; i++) await put(`${site}/p${i}.png`, plain(i, 4 + 4 * at, 6));
      await put(`${site}/labels.csv`, rows((i) => (i > 2 ? 'z' : 'ab'[at]!)).replace(/p[5-9].*\n/g, ''));
    }
    const loaded = await loadAnnotatedSites(
      sites.map((site) => join(folder, site)),
      { labels: 'labels.csv' },
    );
    for (const { train } of loaded) {
      expect(train.inputs[0]!.shape).toEqual([1, 6, 4]);
      expect(train.targets[0]!.meaning).toEqual({ kind: 'categories', names: ['a', 'b', 'z'] });
    }
    expect(loaded.map(({ train }) => [...new Set(values(train))])).toEqual([
      [0, 2],
      [1, 2],
    ]);
  });
});

describe('pictures with masks', () => {
  const masks = { folder: 'masks', classes: ['ground', 'road'], ignored: 255 };
  const mask = [0, 1, 1, 255, 0, 0, 1, 255];

  async function putPairs(count = 5, maskOf: (i: number) => Uint8Array = () => grey(mask, 4)) {
    for (let i = 0; i < count; i++) {
      await put(`images/p${i}.png`, plain(10 + i));
      await put(`masks/p${i}.png`, maskOf(i));
    }
  }

  it('have a class for each pixel, where one counts', async () => {
    await putPairs();
    const { train, test } = await loadAnnotated(folder, { masks }, options);
    expect([train.examples, test.examples]).toEqual([4, 1]);
    expect(train.targets[0]).toMatchObject({
      ...{ name: 'mask', dtype: 'i32', shape: [2, 4] },
      meaning: { kind: 'categories', names: ['ground', 'road'], ignored: NO_CLASS },
    });
    expect(values(train)).toEqual([mask, mask, mask, mask].flat());
    expect(notices).toEqual([]);
  });

  it('are resized by the nearest pixel with their pictures', async () => {
    await putPairs();
    const { train } = await loadAnnotated(folder, { masks }, { height: 1, width: 2 });
    expect(values(train).slice(0, 2)).toEqual([0, NO_CLASS]);
  });

  it('may have any values, and 16 bits', async () => {
    const wide = Uint16Array.from(mask, (value) => (value === 255 ? 9 : 40_000 * value));
    const bytes = await sharp(wide, { raw: { width: 4, height: 2, channels: 1 } })
      .toColourspace('grey16')
      .png()
      .toBuffer();
    await putPairs(2, () => bytes);
    const own = { folder: 'masks', classes: { ground: 0, road: 40_000 }, ignored: [9, 10] };
    expect(values((await loadAnnotated(folder, { masks: own })).train)).toEqual(mask);
  });

  it('may be grey pictures in colour, or places in a palette', async () => {
    const colour = sharp(Uint8Array.from(mask.flatMap((value) => [value, value, value])), {
      raw: { width: 4, height: 2, channels: 3 },
    });
    const [inColour, indexed] = [
      await colour.png().toBuffer(),
      palettePng(
        mask.map((value) => (value === 255 ? 2 : value)),
        4,
        [200, 0, 0, 0, 200, 0, 7, 7, 7],
      ),
    ];
    await putPairs(2, (i) => (i === 0 ? inColour : indexed));
    const own = { ...masks, ignored: [2, 255] };
    const { train, test } = await loadAnnotated(folder, { masks: own });
    expect([values(train), values(test)]).toEqual([mask, mask]);
  });

  it('are told of a value that nobody declared, another size, colours, and missing or needless masks', async () => {
    await putPairs();
    await put('masks/p0.png', grey([0, 1, 1, 3, 0, 0, 1, 3], 4));
    await put('masks/p1.png', grey(mask, 2));
    const red = { width: 4, height: 2, channels: 3 as const, background: '#c00' };
    await put('masks/p2.png', await sharp({ create: red }).png().toBuffer());
    await rm(join(folder, 'masks/p3.png'));
    await put('masks/q.png', grey(mask, 4));
    const { message } = await complaint(loadAnnotated(folder, { masks }));
    expect(message).toContain('4 files of');
    expect(message).toMatch(
      /p0.png" has the value 3 in 2 pixels, the first at row 1, column 4, expected 0, 1, 255/,
    );
    expect(message).toMatch(
      /masks\/p1.png" is 4x2 \(height x width\), but its picture ".*images\/p1.png" is 2x4, expected the same/,
    );
    expect(message).toMatch(/p2.png" has the colour 204, 0, 0 at row 1, column 1, which is not grey/);
    expect(message).toMatch(/images\/p3.png" has no mask in "masks"/);
    await rm(join(folder, 'images/p3.png'));
    for (const i of [0, 1, 2]) await put(`masks/p${i}.png`, grey(mask, 4));
    await loadAnnotated(folder, { masks }, options);
    expect(notices).toEqual([expect.stringMatching(/not used of ".*": masks\/q.png/)]);
  });

  it('are refused for a colour that is twice in the palette', async () => {
    await putPairs(2, () => palettePng([0, 1, 2, 2], 2, [1, 1, 1, 9, 9, 9, 1, 1, 1]));
    for (const i of [0, 1]) await put(`images/p${i}.png`, plain(i, 2, 2));
    const { message } = await complaint(loadAnnotated(folder, { masks }));
    expect(message).toContain('the colour 1, 1, 1 at row 1, column 1, which is in its palette several times');
  });
});

/** A PNG of 8 bits with these places in a palette. */
function palettePng(places: readonly number[], width: number, palette: readonly number[]): Uint8Array {
  const height = places.length / width;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const rows = Array.from({ length: height }, (_, y) => [0, ...places.slice(y * width, (y + 1) * width)]);
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', header),
    chunk('PLTE', Uint8Array.from(palette)),
    chunk('IDAT', deflateSync(Uint8Array.from(rows.flat()))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
