/**
 * The rows of FLamby's Fed-Heart-Disease (Ogier du Terrail et al. 2022,
 * https://arxiv.org/abs/2210.04620), made of the tables of four hospitals as its code makes them.
 * Three columns with few values are left out, and so is a row in which one of the others is
 * missing; a cholesterol of 0 counts as it is. A category with n names becomes n − 1 numbers.
 */
import { randomStream } from '../base/random.js';
import { arrayDataset } from '../data/arrays/array-dataset.js';
import type { Dataset, HeldColumn, HeldDataset } from '../data/dataset.js';
import { MISSING_NUMBER } from '../data/features.js';
import { holdOut } from '../data/partition/partition.js';
import type { TableSettings } from '../data/tables/column-specs.js';

const LEFT_OUT: readonly string[] = ['slope', 'ca', 'thal'];
/** The part of a hospital's rows that is trained on. */
const TRAIN_FRACTION = 0.66;
/** Keeps a division by a deviation of 0 finite. */
const SMALL = 1e-9;

export interface HospitalRows {
  /** [rows, inputs] */
  readonly values: Float32Array;
  readonly inputs: number;
  /** [rows]: 1 with a disease, 0 without. */
  readonly labels: Uint8Array;
}

/** The settings of the tables, without what FLamby leaves out, and with zeros as they are. */
export function flambyTables({ columns, ...settings }: TableSettings): TableSettings {
  const kept = Object.entries(columns).filter(([name]) => !LEFT_OUT.includes(name));
  return {
    ...settings,
    columns: Object.fromEntries(
      kept.map(([name, column]) => [
        name,
        typeof column === 'object' && 'number' in column ? { number: column.number } : column,
      ]),
    ),
  };
}

/** The rows of a table in which no value is missing. */
export function flambyRows({ examples, inputs, targets }: Dataset): HospitalRows {
  const [numbers, categories] = inputs as [HeldColumn, HeldColumn];
  const names = categories.meaning.kind === 'features' ? categories.meaning.features : [];
  const known = names.map((feature) => (feature.kind === 'category' ? feature.names.length : 0));
  const part = ({ values, shape: [size = 0] }: HeldColumn, row: number) =>
    Array.from(values.subarray(row * size, (row + 1) * size));
  const rows: number[][] = [];
  const labels: number[] = [];
  for (let row = 0; row < examples; row++) {
    const quantities = part(numbers, row);
    const codes = part(categories, row);
    if (quantities.includes(MISSING_NUMBER)) continue;
    if (codes.some((code, at) => code >= (known[at] as number))) continue;
    const dummies = codes.flatMap((code, at) =>
      Array.from({ length: (known[at] as number) - 1 }, (_, place) => Number(code === place + 1)),
    );
    rows.push([...quantities, ...dummies]);
    labels.push(targets[0]?.values[row] as number);
  }
  return {
    values: Float32Array.from(rows.flat()),
    inputs: rows[0]?.length ?? 0,
    labels: Uint8Array.from(labels),
  };
}

/**
 * A random split of a hospital's rows. Both parts have the classes in proportion, unless a class
 * has fewer than three rows.
 */
export function splitRows(rows: HospitalRows, seed: number, hospital: number) {
  const { labels } = rows;
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const isStratified = Math.min(positives, labels.length - positives) > 2;
  const groups = isStratified ? labels : new Uint8Array(labels.length);
  const all = Uint32Array.from(labels.keys());
  const tested = labels.length - Math.floor(TRAIN_FRACTION * labels.length);
  const stream = randomStream(seed, hospital, 'test rows');
  const parts = holdOut(all, groups, 2, tested / labels.length, stream);
  return { train: chosen(rows, parts.train), test: chosen(rows, parts.validation) };
}

function chosen({ values, inputs, labels }: HospitalRows, rows: Uint32Array): HospitalRows {
  const own = [...rows].map((row) => values.subarray(row * inputs, (row + 1) * inputs));
  return {
    values: Float32Array.from(own.flatMap((row) => [...row])),
    inputs,
    labels: Uint8Array.from(rows, (row) => labels[row] as number),
  };
}

export function joinedRows(parts: readonly HospitalRows[]): HospitalRows {
  return {
    values: Float32Array.from(parts.flatMap(({ values }) => [...values])),
    inputs: parts[0]?.inputs ?? 0,
    labels: Uint8Array.from(parts.flatMap(({ labels }) => [...labels])),
  };
}

/** (x − mean)/(deviation + 1e-9) of each input, by the sample statistics of the rows `by`. */
export function normalizedRows({ values, inputs, labels }: HospitalRows, by: HospitalRows): HospitalRows {
  const count = by.labels.length;
  const over = (of: (value: number, input: number) => number) => {
    const sums = new Float64Array(inputs);
    for (const [at, value] of by.values.entries()) {
      const input = at % inputs;
      sums[input] = (sums[input] as number) + of(value, input);
    }
    return sums;
  };
  const means = over((value) => value).map((sum) => sum / count);
  const squares = over((value, input) => (value - (means[input] as number)) ** 2);
  const deviations = squares.map((sum) => Math.sqrt(sum / (count - 1)));
  const standard = values.map((value, at) => {
    const input = at % inputs;
    return (value - (means[input] as number)) / ((deviations[input] as number) + SMALL);
  });
  return { values: standard, inputs, labels };
}

/** One label for each row, so that the network has one output, as FLamby’s has. */
export const rowsDataset = (name: string, { values, inputs, labels }: HospitalRows): HeldDataset =>
  arrayDataset({
    name,
    inputs: [{ name: 'row', values, shape: [inputs] }],
    targets: [
      {
        ...{ name: 'labels', values: labels, shape: [1] },
        meaning: { kind: 'categories', names: ['0', '1'] },
      },
    ],
  });
