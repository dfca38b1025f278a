import { describe, expect, it } from 'vitest';
import type { DataError } from '../../error.js';
import type { PictureSettings } from './label-settings.js';
import { labelNames, labelSpec } from './label-settings.js';
import { readLabelTable } from './label-table.js';
import { labelPictures } from './labelled-rows.js';

const paths = ['a.png', 'more/b.jpg', 'more/c.webp'];

function labelled(text: string, labels: NonNullable<PictureSettings['labels']> = 'labels.csv', all = paths) {
  const spec = labelSpec(labels);
  const table = readLabelTable(spec.file, new TextEncoder().encode(text), labelNames(spec) ?? []);
  const { labels: found, problems } = labelPictures(table, spec, all);
  const written = (label: string | Uint8Array) => (typeof label === 'string' ? label : [...label].join(''));
  return {
    labels: Object.fromEntries([...found].map(([path, label]) => [path, written(label)])),
    problems: problems.map(({ message }) => message),
  };
}

const complaint = (attempt: () => unknown): Pick<DataError, 'message' | 'hint'> => {
  try {
    attempt();
  } catch (error) {
    return error as DataError;
  }
  throw new Error('expected a complaint');
};

const classes = { 'a.png': 'ant', 'more/b.jpg': 'bee', 'more/c.webp': 'ant' };

describe('a table of labels', () => {
  it.each([
    ['by paths', 'file,class\na.png,ant\nmore/b.jpg,bee\nmore/c.webp,ant\n'],
    ['by names alone, with backslashes or without extensions', 'x;y\na;ant\nmore\\b.jpg;bee\n./c;ant'],
    ['in any column', '\ufeffclass\tid\nant\ta.png\nbee\tb\nant\tc.webp\n'],
    ['beside other columns', 'file,age,species\na.png,3,ant\nb.jpg,4,bee\nc.webp,5,ant\n'],
    ['twice, where it is the same', 'file,class\na.png,ant\na.png,ant\nb.jpg,bee\nc.webp,ant\n'],
  ])('names the class of each picture, %s', (_, text) => {
    expect(labelled(text)).toEqual({ labels: classes, problems: [] });
  });

  it('is read by the columns that settings name', () => {
    const text = 'old,file,class\nx,a.png,1\ny,b.jpg,2\nz,c.webp,3\n';
    const settings = { file: 'labels.csv', picture: 'file', class: 'old' };
    expect(labelled(text, settings).labels).toEqual({ 'a.png': 'x', 'more/b.jpg': 'y', 'more/c.webp': 'z' });
  });

  it('has columns that settings name in the other spelling of Unicode', () => {
    const text = 'âge,nom,espèce\n1,a.png,ant\n2,b.jpg,bee\n3,c.webp,ant\n';
    for (const form of ['NFC', 'NFD'] as const) {
      const settings = { file: 'labels.csv', picture: 'nom', class: 'espèce'.normalize(form) };
      expect(labelled(text, settings).labels).toEqual(classes);
      expect(labelled(text.normalize('NFD'), settings).labels).toEqual(classes);
    }
  });

  it('has several labels, as columns of 0 and 1 or as a list', () => {
    const columns = { file: 'labels.csv', columns: ['wet', 'cold'] };
    const ofColumns = 'file,wet,cold\na.png,0,1\nb.jpg,1.0,false\nc.webp,TRUE,1\n';
    const expected = { 'a.png': '01', 'more/b.jpg': '10', 'more/c.webp': '11' };
    expect(labelled(ofColumns, columns)).toEqual({ labels: expected, problems: [] });
    const list = { file: 'labels.csv', list: 'tags', names: ['wet', 'cold'] };
    const ofList = 'file,tags\na.png,cold\nb.jpg," wet "\nc.webp,"cold, wet"\n';
    expect(labelled(ofList, list)).toEqual({ labels: expected, problems: [] });
    expect(labelled('file,tags\na.png,\nb.jpg,wet cold\nc.webp,cold\n', { ...list, separator: ' ' })).toEqual(
      {
        labels: { 'a.png': '00', 'more/b.jpg': '11', 'more/c.webp': '01' },
        problems: [],
      },
    );
  });

  it('is told of all that is wrong at once, with the line', () => {
    const text = 'file,class\na.png,ant\nz.png,bee\nb.jpg,\na.png,bee\n';
    expect(labelled(text).problems).toEqual([
      'data: "labels.csv", line 3: "z.png" is not in the folder',
      'data: "labels.csv", line 4: "b.jpg" has an empty cell, expected its class',
      'data: "labels.csv", line 5: "a.png" has another label than on line 2',
      'data: "more/c.webp" has no label in "labels.csv"',
    ]);
    const columns = { file: 'labels.csv', columns: ['wet', 'cold'] };
    expect(labelled('file,wet,cold\na.png,0,2\nb.jpg,1,\nc.webp,0,0\n', columns).problems).toEqual([
      'data: "labels.csv", line 2: "a.png" has "2" in "cold", expected 0 or 1',
      'data: "labels.csv", line 3: "b.jpg" has "" in "cold", expected 0 or 1',
    ]);
    const list = { file: 'labels.csv', list: 'tags', names: ['wet', 'cold'] };
    expect(labelled('file,tags\na.png,wett\nb.jpg,wet\nc.webp,cold\n', list).problems).toEqual([
      'data: "labels.csv", line 2: "a.png" has "wett", expected names among wet, cold',
    ]);
    expect(
      labelled('file,class\nb.jpg,x\n', 'labels.csv', ['one/b.jpg', 'two/b.jpg', 'two/b.jpg2']).problems[0],
    ).toBe('data: "labels.csv", line 2: several pictures are called "b.jpg"');
  });

  it.each([
    ['', /"labels.csv" has no header/],
    ['file,class\n', /"labels.csv" has a header alone/],
    ['file,class\na.png\n', /line 2 has 1 cells, expected 2/],
    ['id,class\nq,ant\n', /names no picture of the folder in any of its columns id, class/],
    ['file,age,height\na.png,3,4\n', /has the columns age, height beside that of the pictures/],
    ['file\na.png\n', /has the columns none beside that of the pictures/],
  ])('%j is refused', (text, message) => {
    expect(complaint(() => labelled(text)).message).toMatch(message);
  });

  it('says which columns there are where one is missing', () => {
    const text = 'file,class\na.png,ant\n';
    const { message, hint } = complaint(() => labelled(text, { file: 'labels.csv', class: 'kind' }));
    expect(message).toBe('data: "labels.csv" has no column "kind", expected one of file, class');
    expect(hint).toContain('data.labels');
  });
});
