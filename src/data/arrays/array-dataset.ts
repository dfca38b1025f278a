/** Makes data sets from a program's own arrays: the values of each column, and what they mean. */
import { sizeOf } from '../../tensor/shape.js';
import { type ColumnValues, checkDataset, type HeldColumn, type HeldDataset, toShared } from '../dataset.js';
import { DataError } from '../error.js';
import type { Meaning } from '../meaning.js';

export interface ArrayColumn {
  readonly name: string;
  /**
   * [examples, …shape], row-major. Bytes and floats enter a graph as they are; categories and
   * tokens become i32.
   */
  readonly values: ColumnValues;
  /** The shape of one example; [] by default, one number. */
  readonly shape?: readonly number[];
  /** A number by default. */
  readonly meaning?: Meaning;
}

export interface ArrayColumns {
  readonly name: string;
  /** In the order in which the network reads them. */
  readonly inputs: readonly ArrayColumn[];
  /** In the order in which the task reads them. */
  readonly targets: readonly ArrayColumn[];
}

/** @throws DataError when arrays do not fit together, or values do not fit their meaning */
export function arrayDataset({ name, inputs, targets }: ArrayColumns): HeldDataset {
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

function columnOf({ name, values, shape = [], meaning = { kind: 'number' } }: ArrayColumn): HeldColumn {
  return { name, dtype: dtypeOf(values, meaning), shape, meaning, values: toShared(values) };
}

function dtypeOf(values: ColumnValues, meaning: Meaning): HeldColumn['dtype'] {
  const { kind } = meaning;
  if (kind === 'features') return meaning.features[0]?.kind === 'category' ? 'i32' : 'f32';
  if (values instanceof Float32Array) return 'f32';
  return values instanceof Int32Array || kind === 'categories' || kind === 'tokens' ? 'i32' : 'u8';
}
