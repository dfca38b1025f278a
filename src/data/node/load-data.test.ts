import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { sharesOf } from '../../federation/plan/dealt-shares.js';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { withoutPath } from '../../protocol/configuration/dataset-name.js';
import { allIndices } from '../batches/batches.js';
import { categoriesOf, closeDatasets, type Dataset, type HeldColumn, subset } from '../dataset.js';
import { pagingIn } from '../paged/node/paging.js';
import { isPaged } from '../paged-values.js';
import { loadDataOf, loadRecordedData, locatedData } from './load-data.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-load-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Forty visits of ten patients; a patient is ill at every visit or at none. */
const visits = (from: number, kind: string) =>
  `patient,x,kind,ill\n${Array.from({ length: 40 }, (_, row) => `p${row % 10},${from + row},${kind}${row % 3},${row % 10 < 5 ? 'yes' : 'no'}`).join('\n')}\n`;
const north = join(folder, 'north.csv');
const south = join(folder, 'south.csv.gz');
writeFileSync(north, visits(0, 'a'));
writeFileSync(south, gzipSync(visits(1000, 'b')));

const configuration = (data: object, others: object = {}) =>
  parseConfiguration(
    {
      model: { name: 'mlp' },
      optimizer: { name: 'adam' },
      local: { epochs: 1 },
      rounds: 1,
      data: {
        ...{ kind: 'table', columns: { x: 'number', kind: 'category' }, group: 'patient' },
        ...{ target: { column: 'ill', positive: 'yes' } },
        ...data,
      },
      ...others,
    },
    'options',
  );

const numbersOf = ({ inputs }: Dataset) => [...(inputs[0] as HeldColumn).values];
/** The patient of a row, by its number. */
const patientOf = (x: number) => `${x >= 1000 ? 'south' : 'north'} ${(x % 1000) % 10}`;

describe('loadDataOf', () => {
  it('keeps the rows of a group on one side of the test, of validation, and of shares', async () => {
    const settings = [
      configuration({ sites: [north, south] }),
      configuration({}, { dataset: north, partition: { name: 'iid', participants: 2, validation: 0.2 } }),
    ];
    for (const one of settings) {
      const data = await loadDataOf(one);
      const [train, test] = [numbersOf(data.train), numbersOf(data.test)];
      const sides: string[][] = [test.map(patientOf)];
      for (const { train: own, validation } of sharesOf(one, data, 'options')) {
        expect(validation.length).toBeGreaterThan(0);
        for (const rows of [own, validation])
          sides.push([...rows].map((row) => patientOf(train[row] as number)));
      }
      const patients = sides.flatMap((side) => [...new Set(side)]);
      expect(new Set(patients).size).toBe(patients.length);
      expect(sides.flat().length).toBe(one.data?.sites === undefined ? 40 : 80);
    }
  });

  it('gives each participant the rows of its own site, and all the same categories', async () => {
    const one = configuration({ sites: [north, south] });
    const data = await loadDataOf(one);
    expect(data.sites).toEqual([32, 32]);
    const x = numbersOf(data.train);
    const [first, second] = sharesOf(one, data, 'options');
    expect(first?.name).toBe('north');
    expect([...(first?.train ?? [])].every((row) => (x[row] as number) < 1000)).toBe(true);
    expect(second?.name).toBe('south');
    expect([...(second?.train ?? [])].every((row) => (x[row] as number) >= 1000)).toBe(true);
    const [, kinds] = data.train.inputs;
    expect(kinds?.meaning).toMatchObject({
      features: [{ name: 'kind', names: ['a0', 'a1', 'a2', 'b0', 'b1', 'b2'] }],
    });
    expect(new Set([...(kinds as HeldColumn).values].slice(32))).toEqual(new Set([3, 4, 5]));
    expect(categoriesOf(data.train)).toEqual(['ill != yes', 'ill = yes']);
  });

  it('reads the same of tables that are kept in files, since they are larger than memory', async () => {
    const room = join(folder, 'room');
    const one = configuration({ sites: [north, south] });
    const dealt = { dataset: north, partition: { name: 'iid', participants: 2 } };
    for (const settings of [one, configuration({}, dealt)]) {
      const held = await loadDataOf(settings);
      const paged = await loadDataOf(settings, { paging: pagingIn(0, room) });
      expect(readdirSync(room)).toEqual([]);
      for (const part of ['train', 'test'] as const) {
        expect(paged[part].inputs.every(({ values }) => isPaged(values))).toBe(true);
        const all = allIndices(held[part]);
        expect(subset(paged[part], all)).toEqual(subset(held[part], all));
      }
      closeDatasets(paged.train, paged.test);
    }
  });

  it.runIf(process.platform === 'linux')('gives back the files if another table cannot be read', async () => {
    const room = join(folder, 'room');
    const isInRoom = (descriptor: string) => {
      try {
        return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(room);
      } catch {
        return false;
      }
    };
    const settings = configuration({ sites: [north, join(folder, 'east.csv')] });
    await expect(loadDataOf(settings, { paging: pagingIn(0, room) })).rejects.toThrow('east');
    expect(readdirSync('/proc/self/fd').filter(isInRoom)).toEqual([]);
  });

  it('takes all of a coordinator’s own table for the test', async () => {
    const columns = { x: 'number', kind: ['a0', 'a1', 'a2'] };
    const { train, test } = await loadDataOf(
      configuration({ columns }, { dataset: north, partition: { name: 'own', participants: 3 } }),
    );
    expect([train.examples, test.examples]).toEqual([0, 40]);
  });

  it('takes all of a second file for the test, also where both were moved', async () => {
    const both = configuration({ sites: [north], test: south });
    const { train, test, sites } = await loadDataOf(both);
    expect([train.examples, test.examples, sites]).toEqual([40, 40, [40]]);
    expect(numbersOf(train).every((x) => x < 1000)).toBe(true);
    expect(numbersOf(test).every((x) => x >= 1000)).toBe(true);
    const [, kinds] = test.inputs;
    expect(kinds?.meaning).toMatchObject({ features: [{ names: ['a0', 'a1', 'a2', 'b0', 'b1', 'b2'] }] });
    const moved = ['north.csv', 'south.csv.gz'].map((name) => join('somewhere', name));
    const elsewhere = configuration({ sites: [moved[0]], test: moved[1] });
    expect((await loadDataOf(elsewhere, {}, folder)).test.examples).toBe(40);
    const one = configuration(
      { test: moved[1] },
      { dataset: moved[0], partition: { name: 'iid', participants: 2 } },
    );
    expect(numbersOf((await loadDataOf(one, {}, north)).test)[0]).toBe(1000);
    expect(locatedData(both).data).toMatchObject({ sites: [north], test: south });
    expect(withoutPath(both).data).not.toHaveProperty('test');
  });

  it('says which file is not there', async () => {
    await expect(loadDataOf(configuration({ sites: [join(folder, 'east.csv')] }))).rejects.toThrow(
      /east\.csv" is not there, expected a table/,
    );
    const recorded = configuration(
      {},
      { dataset: join(folder, 'east.csv'), partition: { name: 'iid', participants: 2 } },
    );
    await expect(loadRecordedData(recorded, undefined)).rejects.toMatchObject({
      hint: 'if it was moved, say where it lies now: --data DIR',
    });
  });
});
