import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closeDatasets, type Dataset } from '../../dataset.js';
import { pagingIn } from '../../paged/node/paging.js';
import { isPaged } from '../../paged-values.js';
import { dataSchema } from '../../settings.js';
import type { TableSettings } from '../column-specs.js';
import { loadLearnedRows, loadRows } from './load-rows.js';
import { loadTables } from './load-table.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));
const room = join(folder, 'room');
const ROWS = 20_000;
const visits = join(folder, 'visits.csv');
const line = (row: number) => `p${row % 7},${row},${row % 3 === 0 ? 'a' : 'b'},${row % 5 < 2 ? 'yes' : 'no'}`;
writeFileSync(
  visits,
  `patient,x,kind,ill\n${Array.from({ length: ROWS }, (_, row) => line(row)).join('\n')}\n`,
);
const settings = dataSchema.parse({
  ...{ kind: 'table', columns: { x: 'number', kind: ['a', 'b'] }, group: 'patient' },
  target: { column: 'ill', classes: ['no', 'yes'] },
}) as TableSettings;
const [facts] = (await loadTables([visits], settings, {})) as [Dataset];

const valuesOf = ({ inputs }: Pick<Dataset, 'inputs'>) =>
  inputs.map(({ values }) => values.slice(0, values.length));

describe('the rows of a table for a model', () => {
  it('are the same in a file as in memory, with the cells of the column of groups', async () => {
    const held = await loadRows(visits, facts.inputs, settings, {});
    const paged = await loadRows(visits, facts.inputs, settings, { paging: pagingIn(0, room) });
    expect(paged.inputs.map(({ values }) => isPaged(values))).toEqual([true, true]);
    expect(readdirSync(room)).toEqual([]);
    expect(valuesOf(paged)).toEqual(valuesOf(held));
    for (const { rows, group } of [held, paged]) {
      expect(rows).toBe(ROWS);
      expect(group?.name).toBe('patient');
      expect([0, 8, ROWS - 1].map((row) => group?.cell(row))).toEqual(['p0', 'p1', `p${(ROWS - 1) % 7}`]);
    }
    closeDatasets(paged);
  });

  it('have the column of groups, however Unicode spells its name', async () => {
    const spelled = join(folder, 'spelled.csv');
    writeFileSync(spelled, `${'hôpital'.normalize('NFC')},x,kind\np7,1,a\n`);
    const named = { ...settings, group: 'hôpital'.normalize('NFD') };
    const { group } = await loadRows(spelled, facts.inputs, named, {});
    expect([group?.name, group?.cell(0)]).toEqual(['hôpital'.normalize('NFC'), 'p7']);
  });

  it('are the same in a file where the model is measured on them', async () => {
    const held = await loadLearnedRows(visits, facts, settings, {});
    const paged = await loadLearnedRows(visits, facts, settings, { paging: pagingIn(0, room) });
    expect(paged.inputs.map(({ values }) => isPaged(values))).toEqual([true, true]);
    expect(valuesOf(paged)).toEqual(valuesOf(held));
    expect(paged.targets).toEqual(held.targets);
    closeDatasets(paged);
  });
});
