/**
 * The rows of the four hospitals (data/heart-disease) as a data set, and their cells as they are in
 * the files.
 */
import { readFileSync } from 'node:fs';
import { arrayDataset } from '../src/data/arrays/array-dataset.js';
import {
  type CategoryFeature,
  MISSING_NUMBER,
  missingCategory,
  type NumberFeature,
  otherCategory,
} from '../src/data/features.js';

const number = (name: string, missing?: readonly number[]): NumberFeature => ({
  ...{ kind: 'number', name },
  ...(missing !== undefined && { missing }),
});
const category = (name: string, ...names: string[]): CategoryFeature => ({ kind: 'category', name, names });

export const NUMBERS = [
  number('age'),
  number('trestbps', [0]),
  number('chol', [0]),
  number('thalach'),
  number('oldpeak'),
  number('ca'),
];
/** One category of `thal` is left out: its rows have another one than those that are known. */
export const CATEGORIES = [
  category('sex', 'Female', 'Male'),
  category('cp', 'typical angina', 'atypical angina', 'non-anginal', 'asymptomatic'),
  category('fbs', '0', '1'),
  category('restecg', 'normal', 'st-t abnormality', 'lv hypertrophy'),
  category('exang', '0', '1'),
  category('slope', 'upsloping', 'flat', 'downsloping'),
  category('thal', 'normal', 'fixed defect'),
];

export type Cells = Readonly<Record<string, string>>;

export const HOSPITALS = ['cleveland', 'hungary', 'switzerland', 'long-beach'] as const;

/** The cells of a file by the names of their columns. No cell of these files has quotes. */
export function heartCells(hospital: (typeof HOSPITALS)[number]): Cells[] {
  const file = new URL(`../data/heart-disease/${hospital}.csv`, import.meta.url);
  const [header = '', ...lines] = readFileSync(file, 'utf8').trim().split(/\r?\n/);
  const names = header.split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(names.map((name, index) => [name, cells[index] ?? '']));
  });
}

function numberOf(cell: string, { missing = [] }: NumberFeature): number {
  return cell === '' || missing.includes(Number(cell)) ? MISSING_NUMBER : Number(cell);
}

function codeOf(cell: string, feature: CategoryFeature): number {
  if (cell === '') return missingCategory(feature);
  const place = feature.names.indexOf(cell);
  return place === -1 ? otherCategory(feature) : place;
}

export function heartDataset(rows: readonly Cells[]) {
  const cell = (row: Cells, { name }: { readonly name: string }) => row[name] ?? '';
  return arrayDataset({
    name: 'heart',
    inputs: [
      {
        ...{ name: 'numbers', shape: [NUMBERS.length] },
        values: Float32Array.from(rows.flatMap((row) => NUMBERS.map((of) => numberOf(cell(row, of), of)))),
        meaning: { kind: 'features', features: NUMBERS },
      },
      {
        ...{ name: 'categories', shape: [CATEGORIES.length] },
        values: Int32Array.from(rows.flatMap((row) => CATEGORIES.map((of) => codeOf(cell(row, of), of)))),
        meaning: { kind: 'features', features: CATEGORIES },
      },
    ],
    targets: [
      {
        ...{ name: 'num', values: Int32Array.from(rows, ({ num }) => Number(num !== '0')) },
        meaning: { kind: 'categories', names: ['none', 'disease'] },
      },
    ],
  });
}
