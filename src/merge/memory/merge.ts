/**
 * Merges in memory: the updates of a round → one state dict. A pure function. Its result does not
 * depend, to the byte, on the order in which updates arrive. Sums of floating-point numbers do
 * depend on order, so updates are first put in the order of their content, unless the strategy
 * depends on the given order.
 */

import type { TakeTurn } from '../../base/turns.js';
import {
  checkState,
  layoutSize,
  type StateDict,
  type StateLayout,
  type TensorEntry,
} from '../../tensor/state-dict.js';
import { MergeError } from '../error.js';
import { blockSize, combineBlock, differences, firstNotFinite } from '../kernels/block.js';
import type { Block, Combination, Strategy, ValueColumn } from '../strategy.js';
import {
  checkAlike,
  checkVariances,
  othersThanStrategy,
  type RoleRule,
  ruleOf,
  type Statistics,
} from './by-role.js';
import {
  appliedTo,
  checkExamples,
  checkSameTensors,
  checkUpdates,
  notFinite,
  notStorable,
} from './checks.js';
import { orderByState } from './state-order.js';
import { begin, isSurvey } from './survey.js';

export interface Update {
  /** The participant's name, unique among those merged. */
  readonly name: string;
  /** How many examples it was trained on, > 0. */
  readonly examples: number;
  readonly state: StateDict;
  /** What else the strategy needs, with the names and shapes of the state. */
  readonly auxiliaries?: Readonly<Record<string, StateDict>>;
}

/**
 * What a strategy is applied to if it does not say so itself. The base is the state that the
 * updates started from.
 */
export type MergeOptions = (
  | { readonly on: 'weights'; readonly base?: StateDict | undefined }
  | { readonly on: 'updates'; readonly base: StateDict }
) & {
  /** How statistics and counters of batch normalization are merged; `mean` by default. */
  readonly statistics?: Statistics;
};

interface Source {
  readonly data: Float32Array;
  readonly offsets: ReadonlyMap<string, number>;
  readonly where: string;
}

/** A block that is merged at once. */
interface MergePiece {
  readonly columns: readonly ValueColumn[];
  readonly base: ValueColumn | undefined;
  readonly block: Block;
  readonly rule: RoleRule;
  /** Where it begins in the result. */
  readonly begin: number;
  readonly end: number;
}

/**
 * Merges updates with the same names and shapes: strategy(wₖ) on weights, base + strategy(wₖ −
 * base) on updates; for the mean these are equal to rounding. The result has the base's order of
 * tensors, or without a base that of the first update by name.
 * @throws MergeError when there is no update, two have one name, names or shapes differ, a value is
 * NaN or infinite, a number of examples is not positive, the strategy takes another number of
 * updates, or a base or an auxiliary is missing.
 */
export function merge(
  strategy: Strategy,
  updates: readonly Update[],
  options: MergeOptions = { on: 'weights' },
): StateDict {
  const work = mergeByBlocks(strategy, updates, options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/** The same, with a turn for other work of the thread between two blocks when it is due. */
export async function mergeInTurns(
  strategy: Strategy,
  updates: readonly Update[],
  options: MergeOptions,
  takeTurn: TakeTurn,
): Promise<StateDict> {
  const work = mergeByBlocks(strategy, updates, options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
    await takeTurn();
  }
}

/** Stops after each block. */
function* mergeByBlocks(
  strategy: Strategy,
  updates: readonly Update[],
  options: MergeOptions,
): Generator<void, StateDict> {
  const named = [...updates].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const [first] = named;
  if (first === undefined) throw new MergeError('merge: there are no updates, expected at least one');
  const on = appliedTo(strategy, options.on, options.base !== undefined);
  const base = on === 'updates' ? options.base : undefined;
  if (base !== undefined) checkState(base, 'merge: the base');
  const layout = (base ?? first.state).layout;
  const { auxiliaries = [] } = strategy;
  const ruleFor = (name: string) => ruleOf(name, 'F32', options.statistics ?? 'mean');
  const byStrategy = (table: StateLayout) => table.filter(({ name }) => ruleFor(name) === 'strategy');
  named.forEach((update, k) => {
    if (update.name === named[k - 1]?.name) {
      throw new MergeError(`merge: there are two updates of "${update.name}", expected one of each`);
    }
    checkExamples(update.examples, whose(update));
    checkState(update.state, `merge: ${whose(update)}`);
    checkSameTensors(update.state.layout, layout, whose(update));
    for (const name of auxiliaries) {
      const auxiliary = auxiliaryOf(update, name, strategy);
      checkState(auxiliary, `merge: the ${name} of "${update.name}"`);
      checkSameTensors(byStrategy(auxiliary.layout), byStrategy(layout), `the ${name} of "${update.name}"`);
    }
  });
  checkUpdates(strategy, updates.length);

  const ordered = strategy.ordered ? updates : orderByState(updates, auxiliaries);
  const examples = ordered.map((update) => update.examples);
  const pieces = piecesOf(layout, ruleFor, {
    columns: ordered.map((update) => sourceOf(update.state, whose(update))),
    base: base && sourceOf(base, 'the base'),
    auxiliaries: auxiliaries.map((name) => [
      name,
      ordered.map((update) =>
        sourceOf(auxiliaryOf(update, name, strategy), `the ${name} of "${update.name}"`),
      ),
    ]),
  });

  let stage = begin(strategy, examples);
  while (isSurvey(stage)) {
    for (const { columns, base, block, rule } of pieces()) {
      if (rule === 'strategy') stage.see(differences(columns, base), block);
      yield;
    }
    stage = stage.finish();
  }
  const data = new Float32Array(layoutSize(layout));
  const namedFirst = ordered.indexOf(updates[0] as Update);
  const combinations: Readonly<Record<RoleRule, Combination>> = {
    ...othersThanStrategy(namedFirst),
    strategy: stage,
  };
  for (const { columns, base, block, rule, begin, end } of pieces()) {
    const out = data.subarray(begin, end);
    if (rule === 'equal') checkAlike(block.tensor, columns, (k) => whose(ordered[k] as Update), block.at);
    combineBlock(combinations[rule], out, columns, examples, base, block);
    const bad = firstNotFinite(out);
    if (bad >= 0) throw notStorable(block.tensor, block.at + bad, out[bad] as number, 'F32');
    checkVariances(block.tensor, out, block.at);
    yield;
  }
  return { layout, data };
}

interface Sources {
  readonly columns: readonly Source[];
  readonly base: Source | undefined;
  readonly auxiliaries: readonly (readonly [name: string, sources: readonly Source[]])[];
}

/** All values, block by block. */
function piecesOf(
  layout: StateLayout,
  ruleFor: (name: string) => RoleRule,
  sources: Sources,
): () => Generator<MergePiece> {
  return function* () {
    for (const tensor of layout) {
      const rule = ruleFor(tensor.name);
      const weights = rule === 'strategy';
      for (let at = 0; at < tensor.size; at += blockSize) {
        const count = Math.min(blockSize, tensor.size - at);
        const values = (source: Source) => finiteValues(source, tensor, at, count);
        const auxiliaries = (weights ? sources.auxiliaries : []).map(
          ([name, list]) => [name, list.map(values)] as const,
        );
        yield {
          columns: sources.columns.map(values),
          base: weights ? sources.base && values(sources.base) : undefined,
          block: { tensor: tensor.name, at, auxiliaries: Object.fromEntries(auxiliaries) },
          rule,
          begin: tensor.offset + at,
          end: tensor.offset + at + count,
        };
      }
    }
  };
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

function auxiliaryOf(update: Update, name: string, strategy: Strategy): StateDict {
  const auxiliary = update.auxiliaries?.[name];
  if (auxiliary !== undefined) return auxiliary;
  throw new MergeError(
    `merge: ${strategy.name} needs the ${name} of every update, but that of "${update.name}" is missing`,
  );
}

function whose(update: Update): string {
  return `the update of "${update.name}"`;
}
