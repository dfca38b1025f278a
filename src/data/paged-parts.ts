/** Deals the examples of a set that lies in a file out to two sets, by reading it once in order. */
import { sizeOf } from '../tensor/shape.js';
import { type Column, closeDatasets, type Dataset, subset, withoutExamples } from './dataset.js';
import {
  blocksOf,
  isPaged,
  KINDS,
  type PagedValues,
  type Paging,
  type ValuesWriter,
} from './paged-values.js';

/**
 * The examples that are not in `second`, and those that are, each in the order of the set.
 * @param second numbers of examples
 */
export function pagedParts(
  dataset: Dataset,
  second: Uint32Array,
  paging: Paging,
): readonly [Dataset, Dataset] {
  const isSecond = new Uint8Array(dataset.examples);
  for (const example of second) isSecond[example] = 1;
  const written: [Column[], Column[]] = [[], []];
  const parts = ([0, 1] as const).map((part): Dataset => {
    const numbers = numbersOf(isSecond, part);
    const held = { ...dataset, inputs: [] };
    const chosen = numbers.length === 0 ? withoutExamples(held) : subset(held, numbers);
    return { ...chosen, inputs: written[part] };
  }) as [Dataset, Dataset];
  try {
    for (const column of dataset.inputs)
      for (const [part, values] of dealOut(column, isSecond, paging).entries())
        written[part as 0 | 1].push({ ...column, values });
    return parts;
  } catch (error) {
    closeDatasets(...parts);
    throw error;
  }
}

function numbersOf(isSecond: Uint8Array, part: 0 | 1): Uint32Array {
  const count = isSecond.reduce((sum, of) => sum + (of === part ? 1 : 0), 0);
  const numbers = new Uint32Array(count);
  let at = 0;
  for (let example = 0; example < isSecond.length; example++)
    if (isSecond[example] === part) numbers[at++] = example;
  return numbers;
}

function dealOut({ values, shape, dtype }: Column, isSecond: Uint8Array, paging: Paging): PagedValues[] {
  const size = sizeOf(shape);
  const kind = isPaged(values) ? values.kind : values instanceof Uint8Array ? 'u8' : dtype;
  const writers: ValuesWriter<PagedValues>[] = [];
  try {
    writers.push(paging.writer(kind), paging.writer(kind));
    for (const { start, block } of blocksOf(values, size)) {
      const examples = block.length / size;
      for (const [part, writer] of writers.entries()) {
        const own = new KINDS[kind](block.length);
        let to = 0;
        for (let example = 0; example < examples; example++) {
          if (isSecond[start / size + example] !== part) continue;
          for (let at = example * size; at < (example + 1) * size; at++) own[to++] = block[at] as number;
        }
        writer.append(own.subarray(0, to));
      }
    }
    return writers.map((writer) => writer.finish());
  } catch (error) {
    for (const writer of writers) writer.discard();
    throw error;
  }
}
