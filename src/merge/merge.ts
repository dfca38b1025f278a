/**
 * Merging in memory: the updates of a round → one state dict. A pure function that does not depend, to the byte, on the
 * order in which the updates came: sums of floating-point numbers do, so the updates are put in the order of their
 * names first.
 */
import { layoutSize, type StateDict, type TensorEntry } from '../tensor/state-dict.js';
import { blockSize, combineBlock, firstNotFinite } from './block.js';
import { checkExamples, checkSameTensors, notFinite, notStorable } from './checks.js';
import { MergeError } from './error.js';
import type { Strategy } from './strategy.js';

export interface Update {
  /** The participant's name, unique among those merged. */
  readonly name: string;
  /** How many examples it was trained on, > 0. */
  readonly examples: number;
  readonly state: StateDict;
}

/** What a strategy is applied to: the weights themselves, or what each update changed in the base. */
export type MergeOptions =
  | { readonly on: 'weights'; readonly base?: StateDict | undefined }
  | { readonly on: 'updates'; readonly base: StateDict };

interface Source {
  readonly data: Float32Array;
  readonly offsets: ReadonlyMap<string, number>;
  readonly where: string;
}

/**
 * Merges updates with the same names and shapes: strategy(wₖ) on weights, base + strategy(wₖ − base) on updates; for the
 * mean these are equal to rounding. The result has the base's order of tensors, or else that of the first update by name.
 * @throws MergeError when there is no update, two have one name, names or shapes differ, a value is NaN or infinite, or a
 *   number of examples is not positive.
 */
export function merge(
  strategy: Strategy,
  updates: readonly Update[],
  options: MergeOptions = { on: 'weights' },
): StateDict {
  const sorted = [...updates].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const [first] = sorted;
  if (first === undefined) throw new MergeError('merge: there are no updates, expected at least one');
  if (options.on === 'updates' && options.base === undefined) {
    throw new MergeError('merge: on updates it needs a base, the state that the updates started from');
  }
  const base = options.on === 'updates' ? options.base : undefined;
  const layout = (base ?? first.state).layout;
  sorted.forEach((update, k) => {
    if (update.name === sorted[k - 1]?.name) {
      throw new MergeError(`merge: there are two updates of "${update.name}", expected one of each`);
    }
    checkExamples(update.examples, whose(update));
    checkSameTensors(update.state.layout, layout, whose(update));
  });

  const sources = sorted.map((update) => sourceOf(update.state, whose(update)));
  const baseSource = base && sourceOf(base, 'the base');
  const examples = sorted.map((update) => update.examples);
  const data = new Float32Array(layoutSize(layout));
  for (const tensor of layout) {
    for (let at = 0; at < tensor.size; at += blockSize) {
      const count = Math.min(blockSize, tensor.size - at);
      const columns = sources.map((source) => finiteValues(source, tensor, at, count));
      const baseColumn = baseSource && finiteValues(baseSource, tensor, at, count);
      const out = data.subarray(tensor.offset + at, tensor.offset + at + count);
      combineBlock(strategy, out, columns, examples, baseColumn);
      const bad = firstNotFinite(out);
      if (bad >= 0) throw notStorable(tensor.name, at + bad, out[bad] as number, 'F32');
    }
  }
  return { layout, data };
}

function sourceOf({ layout, data }: StateDict, where: string): Source {
  return { data, where, offsets: new Map(layout.map(({ name, offset }) => [name, offset])) };
}

function finiteValues(source: Source, tensor: TensorEntry, at: number, count: number): Float32Array {
  const begin = (source.offsets.get(tensor.name) as number) + at;
  const values = source.data.subarray(begin, begin + count);
  const bad = firstNotFinite(values);
  if (bad >= 0) throw notFinite(tensor.name, at + bad, values[bad] as number, source.where);
  return values;
}

function whose(update: Update): string {
  return `the update of "${update.name}"`;
}
