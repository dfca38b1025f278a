import { describe, expect, it } from 'vitest';
import { ConfigurationError, parseConfiguration } from '../protocol/configuration/configuration.js';
import { datasetName, withoutPath } from '../protocol/configuration/dataset-name.js';
import { distributedProblem } from '../protocol/configuration/distributed-problem.js';
import { siteName } from './settings.js';

const others = { model: { name: 'mlp' }, optimizer: { name: 'sgd', learningRate: 0.1 }, rounds: 1 };
const parsed = (settings: object) =>
  parseConfiguration({ ...others, local: { epochs: 1 }, ...settings }, 'federation.yaml');
const complaint = (settings: object) => {
  try {
    parsed(settings);
  } catch (error) {
    if (error instanceof ConfigurationError) return `${error.message}; ${error.hint}`;
    throw error;
  }
  throw new Error('nothing is wrong');
};

const table = {
  kind: 'table',
  columns: {
    age: 'number',
    sex: ['Female', 'Male'],
    cp: 'category',
    chol: { number: 'mg/dl', missing: [0], range: [100, 600] },
    visited: 'date',
  },
  target: { column: 'num', positive: '> 0' },
};
const partition = { name: 'iid', participants: 2 };

describe('the setting "data"', () => {
  it('takes a list of folders for the sites of a simulation, and who takes part from their names', () => {
    const { data, dataset, partition, participants } = parsed({ data: ['./seoul', 'b/busan/'] });
    expect(data).toEqual({ kind: 'pictures', sites: ['./seoul', 'b/busan/'] });
    expect(dataset).toBe('sites');
    expect(partition).toEqual({ name: 'own', participants: 2, validation: 0.1 });
    expect(participants).toEqual(['seoul', 'busan']);
  });

  it('is the same after it has been parsed, with names of participants that were given', () => {
    const data = { ...table, sites: ['a/clinic.csv', 'b/clinic.csv'] };
    const once = parsed({ data, participants: ['north', 'south'], partition: { validation: 0.3 } });
    expect(once.participants).toEqual(['north', 'south']);
    expect(once.partition).toEqual({ name: 'own', participants: 2, validation: 0.3 });
    expect(parseConfiguration(once, 'options')).toEqual(once);
  });

  it('has each name once, in whatever spelling of Unicode', () => {
    const [nfc, nfd] = ['NFC', 'NFD'].map((form) => 'é'.normalize(form)) as [string, string];
    const of = (changed: object) =>
      complaint({ data: { ...table, ...changed }, dataset: 'a.csv', partition });
    expect(of({ columns: { [nfc]: 'number', [nfd]: 'number' } })).toMatch('"data.columns" has "é" twice');
    expect(of({ columns: { sex: [nfc, nfd] } })).toMatch('"data.columns.sex" has "é" twice');
    expect(of({ columns: { sex: { category: [1, '1'] } } })).toMatch(
      '"data.columns.sex.category" has "1" twice',
    );
    expect(of({ columns: { num: 'number' } })).toMatch('"data.target" has "num" twice');
    expect(of({ target: { column: 'num', classes: ['a', 'b', 'a'] } })).toMatch(
      '"data.target.classes" has "a" twice',
    );
    expect(of({ target: { columns: ['x', 'x'], number: true } })).toMatch(
      '"data.target.columns" has "x" twice',
    );
    const arrays = { kind: 'arrays', inputs: { x: 'number' }, targets: { y: { category: ['a', 'b'] } } };
    const ofArrays = (changed: object) =>
      complaint({ data: { ...arrays, ...changed }, dataset: 'a.npz', partition });
    expect(ofArrays({ targets: { x: 'number' } })).toMatch('"data.targets" has "x" twice');
    expect(ofArrays({ targets: { y: { category: [nfd, nfc] } } })).toMatch(
      '"data.targets.y.category" has "é" twice',
    );
    const list = { file: 'l.csv', list: 'tags', names: ['a', 'a'] };
    expect(complaint({ data: { kind: 'pictures', labels: list }, dataset: './p', partition })).toMatch(
      '"data.labels.names" has "a" twice',
    );
    const masks = { folder: 'masks', classes: { [nfc]: 0, [nfd]: 1 } };
    expect(complaint({ data: { kind: 'pictures', masks }, dataset: './p', partition })).toMatch(
      '"data.masks.classes" has "é" twice',
    );
  });

  it('names a site after its folder or file', () => {
    expect(
      ['./seoul', 'C:\\data\\busan', 'x/heart.v2.csv', '.hidden', 'a.csv.gz', 'v1.2/'].map(siteName),
    ).toEqual(['seoul', 'busan', 'heart.v2', '.hidden', 'a', 'v1.2']);
  });

  it('leaves machines without its sites', () => {
    const configuration = parsed({ data: { ...table, sites: ['/home/ann/clinic.csv'] } });
    const left = withoutPath(configuration);
    expect(left.data).toEqual(table);
    expect(JSON.stringify(left)).not.toContain('ann');
    expect(distributedProblem(configuration)?.message).toContain('sites');
    expect(distributedProblem(left)).toBeUndefined();
    expect(datasetName('/data/sites')).toBe('./sites');
  });

  it('takes every form of a target', () => {
    for (const target of [
      { column: 'num', classes: ['none', 'some'] },
      { column: 'num', classes: true },
      { column: 'cost', number: 'euros' },
      { columns: ['x', 'y'], number: true },
      { columns: ['a', 'b'], labels: true },
    ]) {
      const data = { ...table, target };
      expect(parsed({ data, dataset: 'clinic.csv', partition }).data).toMatchObject({ target });
    }
  });

  it('learns numbers by regression, unless another task is given', () => {
    const data = { ...table, target: { column: 'cost', number: 'euros' } };
    const settings = { data, dataset: 'a.csv', partition };
    expect(parsed(settings).task).toEqual({ name: 'regression', unit: 'euros' });
    expect(parsed({ ...settings, task: { name: 'classification' } }).task.name).toBe('classification');
    expect(parsed({ ...settings, data: table }).task.name).toBe('classification');
  });

  it('says which column is wrong, and what was expected', () => {
    const settings = (columns: object) => ({ data: { ...table, columns }, dataset: 'a.csv', partition });
    expect(complaint(settings({ age: 'nummer' }))).toMatch(
      /"data.columns.age" is "nummer", expected one of number, category, date or .*; did you mean "number"/,
    );
    expect(complaint(settings({}))).toContain('expected at least one column');
    expect(complaint({ data: { kind: 'tables' }, partition })).toContain(
      '"data.kind" is "tables", expected one of pictures, table, arrays, text; did you mean "table"?',
    );
    expect(complaint({ data: { ...table, colums: 1 }, partition })).toContain('did you mean "data.columns"?');
  });

  it.each([
    [{ data: table, partition }, '"dataset" is "fashion-mnist"'],
    [{ dataset: 'sites', partition }, 'names none'],
    [{ data: ['a', 'b'], dataset: 'c' }, '"dataset" is "c", expected one of both'],
    [{ data: ['a', 'b'], partition }, '"partition.name" is "iid"'],
    [{ data: ['a', 'b'], partition: { participants: 3 } }, '"partition.participants" is 3'],
    [{ data: ['a', 'b'], examples: 10 }, '"examples" is set'],
    [{ data: ['x/a', 'y/a'] }, 'two participants are called "a"'],
    [
      { data: table, dataset: 'a.csv', partition, imageSize: 32 },
      '"imageSize" is set, which is about pictures',
    ],
    [{ data: table, dataset: 'none', partition, classNames: ['a', 'b'] }, '"classNames" is set'],
  ])('refuses what contradicts it: %j', (settings, words) => {
    expect(complaint(settings)).toContain(words);
  });
});
