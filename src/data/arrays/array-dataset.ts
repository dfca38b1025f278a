/** Data sets of a program's own arrays: numbers, categories and tokens by their values, and what those mean. */
import { sizeOf } from '../../tensor/shape.js';
import {
  type Column,
  type ColumnValues,
  checkDataset,
  type Dataset,
  type Meaning,
  toShared,
} from '../dataset.js';
import { DataError } from '../error.js';

export interface ArrayColumn {
  readonly name: string;
  /** [examples, …shape], row-major. Bytes and floats go into a graph as they are; categories and tokens as i32. */
  readonly values: ColumnValues;
  /** Of one example; [] by default, one number. */
  readonly shape?: readonly number[];
  /** A number by default. */
  readonly meaning?: Meaning;
}

export interface ArrayColumns {
  readonly name: string;
  /** In the order in which the network takes them. */
  readonly inputs: readonly ArrayColumn[];
  /** In the order in which the task takes them. */
  readonly targets: readonly ArrayColumn[];
}

/** @throws DataError when arrays do not fit together, or their values what they mean */
export function arrayDataset({ name, inputs, targets }: ArrayColumns): Dataset {
  const [first] = inputs;
  if (first === undefined) throw new DataError(`data: "${name}" has no inputs, expected one or more`);
  const examples = first.values.length / sizeOf(first.shape ?? []);
  if (!Number.isInteger(examples) || examples === 0) {
    throw new DataError(
      `data: "${first.name}" of "${name}" has ${first.values.length} numbers, expected a multiple of the ${sizeOf(first.shape ?? [])} of one example`,
    );
  }
  const dataset = { name, examples, inputs: inputs.map(columnOf), targets: targets.map(columnOf) };
  checkDataset(dataset);
  return dataset;
}

function columnOf({ name, values, shape = [], meaning = { kind: 'number' } }: ArrayColumn): Column {
  return { name, dtype: dtypeOf(values, meaning), shape, meaning, values: toShared(values) };
}

function dtypeOf(values: ColumnValues, { kind }: Meaning): Column['dtype'] {
  if (values instanceof Float32Array) return 'f32';
  return values instanceof Int32Array || kind === 'categories' || kind === 'tokens' ? 'i32' : 'u8';
}
