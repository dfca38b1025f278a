/**
 * Makes a participant's data set fit a federation: the same examples, in the federation's columns,
 * with the federation's numbers for categories. It refuses a column of another kind or shape, and a
 * category that the federation does not know.
 */
import { listed } from '../../base/excerpt.js';
import { canonicalName } from '../../base/names.js';
import { nearestName } from '../../base/nearest-name.js';
import { classCounts } from '../../data/class-counts.js';
import {
  type Column,
  type ColumnFacts,
  type Dataset,
  describeMeant,
  type HeldColumn,
  requireHeld,
  toShared,
} from '../../data/dataset.js';
import { describeColumn } from '../../tensor/column-spec.js';
import { FederationError } from '../error.js';

/** More columns or names than these are counted in an error. */
const MOST_LISTED = 20;

/** What the federation's description says about data. */
export interface DescribedColumns {
  readonly inputs: readonly ColumnFacts[];
  readonly targets: readonly ColumnFacts[];
}

interface Naming {
  /** The name of the data set in errors. */
  readonly spec: string;
  readonly onNotice?: ((notice: string) => void) | undefined;
}

/** @throws FederationError that names the column, what was expected, and what came */
export function fitData(
  { name, examples, inputs, targets, clusters }: Dataset,
  expected: DescribedColumns,
  naming: Naming,
): Dataset {
  const checkNumber = (side: string, columns: readonly Column[], facts: readonly ColumnFacts[]) => {
    if (columns.length !== facts.length) {
      throw new FederationError(
        `data: "${naming.spec}" has ${columns.length} ${side} (${listed(columns.map(describeColumn), MOST_LISTED)}), expected the ${facts.length} of this federation: ${facts.map(describeColumn).join(', ')}`,
      );
    }
  };
  checkNumber('inputs', inputs, expected.inputs);
  checkNumber('targets', targets, expected.targets);
  const fit = <Fitted extends Column>(columns: readonly Fitted[], facts: readonly ColumnFacts[]) =>
    columns.map((column, place) => fitColumn(column, facts[place] as ColumnFacts, naming));
  return {
    ...{ name, examples },
    inputs: fit(inputs, expected.inputs),
    targets: fit(targets, expected.targets),
    ...(clusters && { clusters }),
  };
}

function fitColumn<Fitted extends Column>(
  column: Fitted,
  facts: ColumnFacts,
  naming: Naming,
): Fitted | HeldColumn {
  const { meaning } = column;
  // The categories themselves are compared below.
  const named = meaning.kind === 'categories' && facts.meaning.kind === 'categories';
  const [got, expected] = [named ? { ...column, meaning: facts.meaning } : column, facts].map(describeMeant);
  if (got !== expected || meaning.kind !== facts.meaning.kind) {
    throw new FederationError(
      `data: a column of "${naming.spec}" is ${got} (${meaning.kind}), expected ${expected} (${facts.meaning.kind}), as this federation has it`,
      { hint: 'bring columns of these names, kinds and shapes, in this order' },
    );
  }
  if (meaning.kind !== 'categories' || facts.meaning.kind !== 'categories') return column;
  const { names, ignored } = facts.meaning;
  const held = requireHeld(column);
  if (meaning.ignored !== undefined && ignored === undefined && held.values.includes(meaning.ignored)) {
    throw new FederationError(
      `data: "${column.name}" of "${naming.spec}" has ${meaning.ignored} where there is no category, expected a category everywhere, as this federation has it`,
    );
  }
  const of = { counts: countsOf(held, meaning.names.length), column: column.name, ...naming };
  const numbers = categoryNumbers(meaning.names, of, names);
  const unchanged = numbers.every((number, at) => number === at) && meaning.ignored === ignored;
  return { ...held, ...facts, values: unchanged ? held.values : renumbered(held, numbers, ignored) };
}

function countsOf({ values, meaning }: HeldColumn, categories: number): Uint32Array {
  const ignored = meaning.kind === 'categories' ? meaning.ignored : undefined;
  return classCounts(
    ignored === undefined ? values : values.filter((value) => value !== ignored),
    categories,
  );
}

/**
 * The values with the federation's numbers of categories. Bytes stay bytes, if all numbers are
 * below 256.
 */
function renumbered(
  { values, meaning }: HeldColumn,
  numbers: readonly number[],
  ignored: number | undefined,
) {
  const none = meaning.kind === 'categories' ? meaning.ignored : undefined;
  const inBytes = values instanceof Uint8Array && Math.max(...numbers, ignored ?? 0) < 256;
  const into = inBytes ? new Uint8Array(values.length) : new Int32Array(values.length);
  for (const [at, value] of values.entries()) {
    into[at] = value === none ? (ignored ?? value) : (numbers[value] as number);
  }
  return toShared(into);
}

interface Categories extends Naming {
  /** How many examples each category has. */
  readonly counts: ArrayLike<number>;
  readonly column: string;
}

/**
 * The federation's number of each of these categories; -1 for a category that the federation does
 * not have and no example uses.
 * @throws FederationError when examples have a category that the federation does not know
 */
export function categoryNumbers(
  own: readonly string[],
  { counts, column, spec, onNotice }: Categories,
  names: readonly string[],
): number[] {
  const numbers = own.map((name) => names.indexOf(canonicalName(name)));
  const foreign = numbers.findIndex((number, at) => number < 0 && (counts[at] as number) > 0);
  if (foreign < 0) return numbers;
  if (areNumbers(own) && own.length <= names.length) {
    onNotice?.(
      `data: the categories of "${column}" in "${spec}" have no names, so 0 is taken for "${names[0]}", and so on`,
    );
    return own.map((_, at) => at);
  }
  const name = own[foreign] as string;
  const nearest = nearestName(name, names);
  const quoted = names.map((one) => `"${one}"`);
  throw new FederationError(
    `data: "${spec}" has "${name}" ${timesText(counts[foreign])} in "${column}", which this federation does not know, expected ${listed(quoted, MOST_LISTED)}`,
    {
      hint:
        nearest === undefined
          ? 'rename it, or leave it out'
          : `rename it, if it is "${nearest}", or leave it out`,
    },
  );
}

/** "0", "1", …: a data set in IDX format has no names. */
const areNumbers = (names: readonly string[]) => names.every((name, index) => name === String(index));

const timesText = (count: number | undefined) => (count === 1 ? 'once' : `${count} times`);
