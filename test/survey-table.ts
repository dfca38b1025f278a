/** The table of four sites in `fixtures/survey`, as a data set, and what pandas says of all its rows. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import type { Dataset } from '../src/data/dataset.js';
import { type Feature, MISSING_NUMBER } from '../src/data/features.js';

const folder = resolve(import.meta.dirname, 'fixtures/survey');
const [, ...lines] = readFileSync(resolve(folder, 'table.csv'), 'utf8').trim().split('\n');
const rows = lines.map((line) => line.split(','));

const numbers: readonly Feature[] = [
  { kind: 'number', name: 'age', unit: 'years', range: [30, 80] },
  { kind: 'number', name: 'income' },
  { kind: 'number', name: 'pressure', range: [60, 200] },
];
const PAIN = ['none', 'typical', 'atypical'];
const number = (text: string | undefined) => (text === '' ? MISSING_NUMBER : Number(text));
function category(text: string | undefined): number {
  const at = PAIN.indexOf(text ?? '');
  return at >= 0 ? at : text === '' ? PAIN.length + 1 : PAIN.length;
}

/** @param site all sites, if it is left out */
export function surveyTable(site?: string): Dataset {
  const chosen = rows.filter(([of]) => site === undefined || of === site);
  return arrayDataset({
    name: site ?? 'all sites',
    inputs: [
      {
        name: 'numbers',
        shape: [3],
        values: Float32Array.from(chosen.flatMap(([, ...values]) => values.slice(0, 3).map(number))),
        meaning: { kind: 'features', features: numbers },
      },
      {
        name: 'categories',
        shape: [1],
        values: Int32Array.from(chosen, ([, , , , pain]) => category(pain)),
        meaning: { kind: 'features', features: [{ kind: 'category', name: 'pain', names: PAIN }] },
      },
    ],
    targets: [
      {
        name: 'sick',
        values: Int32Array.from(chosen, ([, , , , , sick]) => Number(sick)),
        meaning: { kind: 'categories', names: ['no', 'yes'] },
      },
    ],
  });
}

export const SITES = ['north', 'south', 'east', 'west'];

interface Recorded {
  readonly rows: number;
  readonly numbers: Readonly<
    Record<
      string,
      {
        readonly missing: number;
        readonly mean: number;
        readonly deviation: number;
        readonly quantiles: Readonly<Record<string, number>>;
      }
    >
  >;
  readonly histograms: Readonly<Record<string, readonly number[]>>;
  readonly below: Readonly<Record<string, number>>;
  readonly above: Readonly<Record<string, number>>;
  readonly pain: Readonly<Record<string, number>>;
  readonly sick: readonly number[];
  readonly correlation: Readonly<Record<string, number>>;
}

export const pandas = JSON.parse(readFileSync(resolve(folder, 'pandas.json'), 'utf8')) as Recorded;
