/** Several data sets with the same columns as one, in their order. */
import { sizeOf } from '../tensor/shape.js';
import {
  type Column,
  columnsOf,
  type Dataset,
  describeMeant,
  emptyValues,
  type HeldColumn,
} from './dataset.js';
import { DataError } from './error.js';
import { blocksOf, isPaged, type Paging, type ValuesKind } from './paged-values.js';

/**
 * The examples of all sets, with the columns of the first. Inputs go into a file if they would take
 * more memory than `paging` allows.
 * @throws DataError when a set has other columns than the first
 */
export function concatenated(name: string, sets: readonly Dataset[], paging?: Paging): Dataset {
  const [first, ...others] = sets;
  if (first === undefined) throw new DataError(`data: "${name}" holds no examples`);
  const described = (set: Dataset) => columnsOf(set).map(describeMeant).join(', ');
  const other = others.find((set) => described(set) !== described(first));
  if (other !== undefined) {
    throw new DataError(
      `data: "${other.name}" has ${described(other)}, expected those of "${first.name}": ${described(first)}`,
    );
  }
  const examples = sets.reduce((sum, set) => sum + set.examples, 0);
  const bytes = sets.flatMap(({ inputs }) => inputs).reduce((sum, { values }) => sum + values.byteLength, 0);
  const isLarge = paging !== undefined && bytes > paging.aboveBytes;
  return {
    ...{ name, examples },
    inputs: first.inputs.map((column, place) => {
      const parts = sets.map(({ inputs }) => inputs[place] as Column);
      return isLarge ? pagedColumn(column, parts, paging) : heldColumn(column, parts, examples);
    }),
    targets: first.targets.map((column, place) =>
      heldColumn(
        column,
        sets.map(({ targets }) => targets[place] as Column),
        examples,
      ),
    ),
    ...(first.clusters && { clusters: clustersOfAll(sets) }),
  };
}

/** No cluster has examples of two sets. */
function clustersOfAll(sets: readonly Dataset[]): Int32Array {
  let next = 0;
  return Int32Array.from(
    sets.flatMap(({ clusters = new Int32Array(0) }) => {
      const numbers = new Map<number, number>();
      return Array.from(clusters, (cluster) => {
        const number = numbers.get(cluster) ?? next++;
        numbers.set(cluster, number);
        return number;
      });
    }),
  );
}

/** Bytes stay bytes, if those of every part are. */
const keptAs = ({ dtype }: Column, parts: readonly Column[]): ValuesKind =>
  parts.every(({ values }) => (isPaged(values) ? values.kind === 'u8' : values instanceof Uint8Array))
    ? 'u8'
    : dtype;

function heldColumn(column: Column, parts: readonly Column[], examples: number): HeldColumn {
  const values = emptyValues({ ...column, dtype: keptAs(column, parts) }, examples, true);
  let at = 0;
  for (const part of parts) {
    for (const { block } of blocksOf(part.values, sizeOf(part.shape))) {
      values.set(block, at);
      at += block.length;
    }
  }
  return { ...column, values };
}

function pagedColumn(column: Column, parts: readonly Column[], paging: Paging): Column {
  const writer = paging.writer(keptAs(column, parts));
  try {
    for (const part of parts)
      for (const { block } of blocksOf(part.values, sizeOf(part.shape))) writer.append(block);
    return { ...column, values: writer.finish() };
  } catch (error) {
    writer.discard();
    throw error;
  }
}
