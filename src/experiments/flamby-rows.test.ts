import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfigurationFile } from '../cli/flags/configuration-file.js';
import type { TableSettings } from '../data/tables/column-specs.js';
import { loadTables } from '../data/tables/node/load-table.js';
import { parseConfiguration } from '../protocol/configuration/configuration.js';
import { flambyRows, flambyTables, type HospitalRows, normalizedRows, splitRows } from './flamby-rows.js';

const source = resolve(import.meta.dirname, '../../data/heart-disease/federation.yaml');
let hospitals: HospitalRows[] = [];
beforeAll(async () => {
  const { data } = parseConfiguration(await readConfigurationFile(source), source);
  const settings = data as TableSettings & { sites: string[] };
  hospitals = (await loadTables(settings.sites, flambyTables(settings), {})).map(flambyRows);
});
const counts = (of: HospitalRows) => [of.labels.length, of.labels.reduce((a, b) => a + b, 0)];

describe('the rows of the published benchmark', () => {
  it('are 740, with 13 inputs', () => {
    // The counts of rows are those of the paper.
    expect(hospitals.map(counts)).toEqual([
      [303, 139],
      [261, 98],
      [46, 45],
      [130, 101],
    ]);
    for (const { inputs, values, labels } of hospitals) {
      expect(inputs).toBe(13);
      expect(values).toHaveLength(13 * labels.length);
    }
    // 63,Male,typical angina,145,233,1,lv hypertrophy,150,0,2.3: age, blood pressure, cholesterol,
    // heart rate and ST depression, then categories, each without its first name.
    expect(Array.from(hospitals[0]!.values.subarray(0, 13), (value) => Number(value.toFixed(2)))).toEqual([
      ...[63, 145, 233, 150, 2.3],
      ...[1, 0, 0, 0, 1, 0, 1, 0],
    ]);
    // A cholesterol of 0 stays in all rows of Switzerland.
    expect(hospitals[2]!.values.filter((_, at) => at % 13 === 2).every((value) => value === 0)).toBe(true);
  });

  it('are split as there: two thirds of each hospital, with its classes in proportion', () => {
    const splits = hospitals.map((rows, at) => splitRows(rows, 40, at));
    expect(splits.map(({ train, test }) => [train.labels.length, test.labels.length])).toEqual([
      [199, 104],
      [172, 89],
      [30, 16],
      [85, 45],
    ]);
    const part = (of: HospitalRows) => counts(of)[1]! / of.labels.length;
    for (const [at, { train, test }] of splits.entries()) {
      if (at !== 2) expect(Math.abs(part(train) - part(test))).toBeLessThan(0.02);
    }
    expect(splitRows(hospitals[0]!, 41, 0).test.values).not.toEqual(splits[0]!.test.values);
    const first = splits[0]!;
    const all = [...first.train.values, ...first.test.values].sort((a, b) => a - b);
    expect(all).toEqual([...hospitals[0]!.values].sort((a, b) => a - b));
  });

  it('are normalized by the mean and the sample deviation of other rows, or of their own', () => {
    const by = { values: Float32Array.of(1, 5, 2, 5, 6, 5), inputs: 2, labels: new Uint8Array(3) };
    const of = { values: Float32Array.of(3, 5, 10, 6), inputs: 2, labels: new Uint8Array(2) };
    const { values } = normalizedRows(of, by);
    // Mean 3, deviation √7; a constant column has the deviation 1e-9.
    expect([...values]).toEqual([0, 0, Math.fround(7 / (Math.sqrt(7) + 1e-9)), Math.fround(1e9)]);
  });
});
