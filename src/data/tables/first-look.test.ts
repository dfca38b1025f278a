import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { federationFile } from './federation-file.js';
import { firstLook } from './first-look.js';

function look(text: string) {
  const looker = firstLook('a.csv');
  looker.push(new TextEncoder().encode(text));
  return looker.finish();
}

describe('firstLook', () => {
  it('tells numbers, codes, categories, dates, texts and empty columns apart', () => {
    const lines = Array.from(
      { length: 40 },
      (_, row) =>
        `${row * 7 + 123};${row % 3};${row % 2 ? 'yes' : 'NA'};2020-01-${(row % 28) + 1};note ${row};;${row},5`,
    );
    const { rows, columns } = look(`x;code;word;seen;note;none;comma\n${lines.join('\n')}\n`);
    expect(rows).toBe(40);
    expect(columns).toEqual([
      { name: 'x', kind: 'number', missing: 0, different: 40, range: [120, 400] },
      { name: 'code', kind: 'category', missing: 0, different: 3, names: ['0', '1', '2'] },
      { name: 'word', kind: 'category', missing: 20, different: 1, names: ['yes'] },
      { name: 'seen', kind: 'date', missing: 0, different: 28 },
      { name: 'note', kind: 'text', missing: 0, different: 40 },
      { name: 'none', kind: 'empty', missing: 40, different: 0 },
      { name: 'comma', kind: 'number', missing: 0, different: 40, range: [0.5, 40] },
    ]);
  });

  it('takes digits for codes only where each comes again, and no other numbers', () => {
    const kindOf = (values: readonly number[], rows: number) => {
      const cells = Array.from({ length: rows }, (_, row) => values[row % values.length]);
      return look(`a,b\n${cells.map((cell) => `${cell},x`).join('\n')}\n`).columns[0]?.kind;
    };
    expect(kindOf([0, 1], 8)).toBe('category');
    expect(kindOf([1, 2, 3, 4, 5], 20)).toBe('category');
    for (const [values, rows] of [
      [[34, 51, 62], 3],
      [[1, 2, 3], 11],
      [[50, 100, 200], 300],
      [[-1, 1], 300],
      [[0, 0.5, 1], 300],
      [[1, 2, 3, 4, 5, 6], 300],
    ] as const)
      expect(kindOf(values, rows)).toBe('number');
  });

  it('refuses a table without rows', () => {
    expect(() => look('a,b\n')).toThrow('"a.csv" has no rows');
  });
});

describe('federationFile', () => {
  const cleveland = () => look(readFileSync('data/heart-disease/cleveland.csv', 'utf8'));

  it('writes settings of a hospital that are right as they stand', () => {
    const text = federationFile(cleveland(), { path: './cleveland.csv' });
    const { data, dataset } = parseConfiguration(parse(text), 'federation.yaml');
    expect(dataset).toBe('./cleveland.csv');
    expect(data).toMatchObject({
      columns: {
        age: { number: true, range: [29, 77] },
        sex: ['Female', 'Male'],
        cp: ['asymptomatic', 'atypical angina', 'non-anginal', 'typical angina'],
        fbs: [0, 1],
        chol: { range: [120, 570] },
      },
      target: { column: 'num', classes: [0, 1, 2, 3, 4] },
    });
    expect(text).toContain("# or positive: '> 0'");
    expect(text).toMatch(/ca: .*# codes; number: true, if they count .*; missing in 4 of 303 rows/);
    expect(text).toMatch(/fbs: \[0, 1\]\n/);
    expect(text).toContain('thal: [fixed defect, normal, reversable defect] # missing in 2 of 303 rows');
  });

  it('learns another column where it is named, and quotes what YAML would take for something else', () => {
    const seen = look('"a: b",yes,num\nno,1.5,x\n"1e3",2.5,y\nnull2,7.25,x\n');
    const text = federationFile(seen, { path: './a b.csv', target: 'yes' });
    expect(parseConfiguration(parse(text), 'federation.yaml')).toMatchObject({
      data: {
        columns: { 'a: b': [1000, 'no', 'null2'], num: ['x', 'y'] },
        target: { column: 'yes', number: true },
      },
      task: { name: 'regression' },
    });
  });

  it('says which columns there are where the target is none of them', () => {
    expect(() => federationFile(cleveland(), { path: 'a.csv', target: 'numm' })).toThrow(
      /has no column "numm", expected one of age, sex,/,
    );
  });
});
