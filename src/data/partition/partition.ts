/**
 * Partitions one data set: each example belongs to exactly one participant, which holds out a part
 * of its examples for validation. A partitioner decides how examples are dealt out; each is a
 * module.
 */

import { participantNamesProblem } from '../../base/names.js';
import { partNearest } from '../../base/part-of.js';
import { type RandomStream, randomStream } from '../../base/random.js';
import { classCounts } from '../class-counts.js';
import { type Dataset, sharedBytes } from '../dataset.js';
import { clustersOf } from './clusters.js';
import { PartitionError } from './error.js';
import { type Strata, strataOf } from './strata.js';

/** The examples of one participant: ascending numbers in the data set. */
export interface Share {
  readonly name: string;
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

export interface Partitioner {
  readonly name: string;
  /** The settings it was built with, for reports. */
  readonly settings: Readonly<Record<string, number>>;
  /**
   * Returns one list of examples for each participant, in any order.
   * @param groups [examples], each from 0 to count − 1: categories or quantiles.
   * @param stream the only source of random numbers.
   * @throws PartitionError when these examples cannot be dealt out in this way.
   */
  split(groups: ArrayLike<number>, count: number, participants: number, stream: RandomStream): Uint32Array[];
}

export interface PartitionOptions {
  readonly participants: number;
  readonly seed: number;
  /**
   * The part of each participant's examples that it validates on, from 0 to below 1; 0.1 by
   * default.
   */
  readonly validationFraction?: number | undefined;
  /** A name for each participant; "environment-1", "environment-2", … by default. */
  readonly names?: readonly string[] | undefined;
}

/**
 * The shares of all participants. The groups of the examples come from the set's first target. The
 * same data, partitioner and seed give the same shares.
 * @throws PartitionError when a setting is out of range or a participant would have no examples.
 */
export function partition(
  of: Dataset | Strata,
  partitioner: Partitioner,
  { participants, seed, validationFraction = 0.1, names = participantNames(participants) }: PartitionOptions,
): Share[] {
  const clusters = 'groups' in of || of.clusters === undefined ? undefined : clustersOf(of.clusters);
  const { groups: all, count } = 'groups' in of ? of : strataOf(of);
  const groups =
    clusters === undefined ? all : Uint32Array.from(clusters.first, (example) => all[example] as number);
  checkOptions(participants, validationFraction, names);
  const stream = randomStream(seed, 'partition', partitioner.name);
  const lists = partitioner.split(groups, count, participants, stream);
  return lists.map((indices, participant) => {
    const name = names[participant] as string;
    const needed = validationFraction > 0 ? 2 : 1;
    if (indices.length < needed) {
      throw new PartitionError(
        `partition: ${partitioner.name} leaves ${indices.length} of ${groups.length} ${clusters === undefined ? 'examples' : 'groups of examples'} for "${name}", expected at least ${needed}`,
        { hint: 'take fewer participants or more data' },
      );
    }
    const validationStream = randomStream(seed, participant, 'validation');
    const parts = holdOut(indices, groups, count, validationFraction, validationStream);
    if (clusters === undefined) return { name, ...parts };
    return { name, train: clusters.members(parts.train), validation: clusters.members(parts.validation) };
  });
}

/**
 * Holds out a fraction of the examples, in proportion from each group, so that both parts have the
 * same groups as far as whole examples allow. Each part has at least one example unless the
 * fraction is 0.
 */
export function holdOut(
  indices: Uint32Array,
  groups: ArrayLike<number>,
  count: number,
  fraction: number,
  stream: RandomStream,
): { train: Uint32Array; validation: Uint32Array } {
  const members = byGroup(groups, count, indices);
  const total =
    fraction === 0 || indices.length === 0
      ? 0
      : clamp(partNearest(fraction, indices.length), 1, indices.length - 1);
  const train = sharedNumbers(indices.length - total);
  const validation = sharedNumbers(total);
  let [trained, held, seen] = [0, 0, 0];
  for (const list of members) {
    // Rounds the running sum instead of each group, so that rounding errors do not add up.
    seen += list.length;
    const take = Math.round((total * seen) / indices.length) - held;
    const order = stream.permutation(list.length);
    for (let rank = 0; rank < order.length; rank++) {
      const example = list[order[rank] as number] as number;
      if (rank < take) validation[held++] = example;
      else train[trained++] = example;
    }
  }
  return { train: train.sort(), validation: validation.sort() };
}

/** In shared memory if possible: worker threads read the list of a share without a copy. */
const sharedNumbers = (length: number) => new Uint32Array(sharedBytes(4 * length).buffer);

/** The examples of each group, in the order of `indices` (by default 0, 1, …). */
export function byGroup(groups: ArrayLike<number>, count: number, indices?: Uint32Array): Uint32Array[] {
  const lists = [...classCounts(groups, count, indices)].map((length) => new Uint32Array(length));
  const filled = new Uint32Array(count);
  const examples = indices?.length ?? groups.length;
  for (let place = 0; place < examples; place++) {
    const index = indices === undefined ? place : (indices[place] as number);
    const group = groups[index] as number;
    const list = lists[group] as Uint32Array;
    list[filled[group] as number] = index;
    filled[group] = (filled[group] as number) + 1;
  }
  return lists;
}

/** The default names of participants. */
export function participantNames(participants: number): string[] {
  return Array.from({ length: participants }, (_, index) => `environment-${index + 1}`);
}

function checkOptions(participants: number, fraction: number, names: readonly string[]): void {
  if (!Number.isInteger(participants) || participants < 1) {
    throw new PartitionError(`partition: participants is ${participants}, expected a whole number from 1`);
  }
  if (!(fraction >= 0 && fraction < 1)) {
    throw new PartitionError(
      `partition: the validation fraction is ${fraction}, expected a number from 0 to below 1`,
    );
  }
  if (names.length !== participants) {
    throw new PartitionError(
      `partition: ${names.length} names, expected ${participants}, one for each participant`,
    );
  }
  const meeting = participantNamesProblem(names);
  if (meeting !== undefined) {
    throw new PartitionError(`partition: the list of participants ${meeting}`, {
      hint: 'give each a different name',
    });
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
