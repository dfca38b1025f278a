/** What a page refuses of a folder of annotated pictures is what `join` refuses of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { factsOf } from '../../../data/dataset.js';
import { describedPictures } from '../../../data/images/labels/annotation-columns.js';
import type { AnnotationSettings } from '../../../data/images/labels/label-settings.js';
import { png } from '../../../data/images/png.js';
import { dataSchema } from '../../../data/settings.js';
import { parseConfiguration } from '../../../protocol/configuration/configuration.js';
import { loadOwnData } from '../node/load-own-data.js';
import { readPageData } from './page-data.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-page-annotated-'));
afterAll(() => rmSync(root, { recursive: true }));

const picture = png({ width: 4, height: 2, channels: 1, bytes: new Uint8Array(8) });
const pictures = (...paths: string[]) => Object.fromEntries(paths.map((path) => [path, picture]));

function described(annotations: AnnotationSettings, classNames: readonly string[] | undefined) {
  const data = dataSchema.parse({ kind: 'pictures', ...annotations });
  const facts = describedPictures({ dataset: 'none', imageShape: [1, 2, 4], classNames }, annotations);
  const configuration = parseConfiguration(
    {
      ...{ seed: 7, partition: { name: 'own' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 1, dataset: 'none', data, imageShape: [1, 2, 4] },
      ...(classNames && { classNames: [...classNames] }),
    },
    'test',
  );
  const { inputs = [], targets = [] } = facts ?? {};
  return { configuration, inputs: inputs.map(factsOf), targets: targets.map(factsOf) };
}

const labels = { labels: 'labels.csv' };
const several = { labels: { file: 'labels.csv', columns: ['left', 'right'] } };
const masks = { masks: { folder: 'masks', classes: ['road', 'car'] } };
const classes = ['road', 'car'];
const two = pictures('a.png', 'b.png');

describe('annotated pictures in a page are refused before they are decoded, in the words of `join`', () => {
  it.each([
    [
      'without the table',
      labels,
      two,
      /the labels of "set" cannot be read: "set\/labels.csv": there is no such file/,
    ],
    [
      'where the table names a picture that is not there',
      labels,
      { ...two, 'labels.csv': 'file,class\na.png,road\nb.png,car\nc.png,car\n' },
      /line 4: "c.png" is not in the folder/,
    ],
    [
      'where a picture has no label',
      labels,
      { ...pictures('a.png', 'x/b.png', 'c.png'), 'labels.csv': 'file,class\na.png,road\nb,car\n' },
      /"c.png" has no label in "set\/labels.csv"/,
    ],
    [
      'of a class that the federation does not know',
      labels,
      { ...two, 'labels.csv': 'file,class\na.png,road\nb.png,cars\n' },
      /has "cars" once in "labels", which this federation does not know/,
    ],
    [
      'where a label is neither 0 nor 1',
      several,
      { ...two, 'labels.csv': 'file,left,right\na.png,1,0\nb.png,2,0\n' },
      /line 3: "b.png" has "2" in "left", expected 0 or 1/,
    ],
    [
      'where a column is missing',
      several,
      { ...two, 'labels.csv': 'file,left\na.png,1\nb.png,0\n' },
      /has no column "right"/,
    ],
    [
      'without a mask',
      masks,
      pictures('images/a.png', 'images/b.png', 'masks/a.png'),
      /images\/b.png" has no mask in "masks", expected one of the same name/,
    ],
    ['without pictures', masks, pictures('masks/a.png', 'masks/b.png'), /"set" has no pictures/],
  ] as const)('%s', async (_, annotations, content, message) => {
    const folder = mkdtempSync(join(root, 'set-'));
    for (const [path, bytes] of Object.entries(content)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes);
    }
    const files = Object.entries(content).map(([path, bytes]) => ({
      path: `set/${path}`,
      file: new File([bytes as Uint8Array<ArrayBuffer> | string], path.split('/').at(-1) as string),
    }));
    const of = described(annotations, annotations === labels ? classes : undefined);
    const [native, page] = await Promise.allSettled([
      loadOwnData(folder, 'site', of),
      readPageData(files, of),
    ]);
    const [theirs, mine] = [native, page].map((one) => (one.status === 'rejected' ? one.reason : undefined));
    expect(mine.message).toMatch(message);
    expect(theirs.message.replaceAll(folder, 'set')).toBe(mine.message);
  });
});
