/**
 * The first layer of networks for tables: it turns the numbers and categories of a row into one
 * vector.
 *
 *     a number    →  x' = (clip(x, low, high) − mean)/deviation, with `impute` for a missing x
 *     missing     →  1 if the number is missing, else 0
 *     a category  →  one-hot: 1 in the place of its value (another one and missing have places), or
 *                    a trained vector for each value: an embedding
 *
 * `impute`, `low`, `high`, `mean` and `deviation` are constants (`constants.ts`), [numbers] each.
 */
import type { ColumnFacts } from '../../../data/dataset.js';
import { type CategoryFeature, categoryValues, type Feature } from '../../../data/features.js';
import { describeColumn } from '../../../tensor/column-spec.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import { embedding } from './layers.js';
import { type Inputs, type Network, NetworkError, type Scope } from './network.js';

/** The name of the layer. */
export const PREPROCESS = 'preprocess';

/**
 * The number of elements of an embedding; `auto` depends on how many values the category has.
 * Undefined means one-hot vectors.
 */
export type EmbeddingWidth = number | 'auto' | undefined;

/** Between the lowest float32, which is a missing number, and every number of a table. */
const BELOW_ALL_NUMBERS = -3.4e38;

/**
 * Puts this layer before a network. The columns of features become its first input,
 * [N, 2·numbers + …]: the numbers, 1 for each that is missing, then the categories. The other
 * inputs follow.
 * @param columns the inputs of the data set
 * @throws NetworkError when two columns hold numbers, or two hold categories
 */
export function onFeatures(
  network: Network,
  columns: readonly ColumnFacts[],
  embeddings?: EmbeddingWidth,
): Network {
  const features = columns.map(featuresOf);
  requireOneEach(columns, features);
  return (scope, ...inputs) => {
    const layer = scope.in(PREPROCESS);
    const parts = inputs.flatMap((x, index) => {
      const own = features[index];
      if (own === undefined) return [];
      return x.dtype === 'f32'
        ? numbers(layer, x)
        : categories(layer, x, own as CategoryFeature[], embeddings);
    });
    const row = parts.length === 1 ? (parts[0] as Value) : g.concat(parts, 1);
    const others = inputs.filter((_, index) => features[index] === undefined);
    return network(scope, ...([row, ...others] as Inputs));
  };
}

/** The features of a column; undefined if it holds something else. */
export const featuresOf = ({ meaning }: ColumnFacts): readonly Feature[] | undefined =>
  meaning.kind === 'features' ? meaning.features : undefined;

/** x [N, numbers] → standardized [N, numbers], and which are missing [N, numbers]. */
function numbers(scope: Scope, x: Value): Value[] {
  const count = x.shape.slice(1);
  const constant = (name: string, above?: number) => scope.constant(name, count, above);
  const [impute, low, high] = [constant('impute'), constant('low'), constant('high')];
  const [mean, deviation] = [constant('mean'), constant('deviation', 0)];
  const missing = g.greater(BELOW_ALL_NUMBERS, x);
  const known = g.where(missing, impute, x);
  const aboveLow = g.where(g.greater(low, known), low, known);
  const clipped = g.where(g.greater(aboveLow, high), high, aboveLow);
  return [g.div(g.sub(clipped, mean), deviation), missing];
}

/** codes i32 [N, categories] → [N, …]: what stands for the category in each place. */
function categories(
  scope: Scope,
  codes: Value,
  features: readonly CategoryFeature[],
  embeddings: EmbeddingWidth,
): Value[] {
  if (embeddings === undefined) return [oneHots(codes, features)];
  const examples = codes.shape[0] ?? 1;
  return features.map((feature, index) => {
    const code = g.reshape(g.slice(codes, [0, index], [examples, index + 1]), [examples]);
    const vocabulary = categoryValues(feature);
    const width = embeddings === 'auto' ? automaticWidth(vocabulary) : embeddings;
    return embedding(scope.in(`embeddings.${index}`), code, { vocabulary, features: width });
  });
}

/** All one-hot vectors beside each other, by one comparison: each place has a column and a code. */
function oneHots(codes: Value, features: readonly CategoryFeature[]): Value {
  const places = features.flatMap((feature, column) =>
    Array.from({ length: categoryValues(feature) }, (_, code) => ({ column, code })),
  );
  const columns = g.cast(g.constant(places.map(({ column }) => column)), 'i32');
  const own = g.gather(g.cast(codes, 'f32'), columns, 1);
  return g.equal(own, g.constant(places.map(({ code }) => code)));
}

/**
 * The rule of fastai for tables: 1.6·values^0.56, at most 600 (Howard and Gugger 2020, "Deep
 * Learning for Coders", chapter 9).
 */
const automaticWidth = (values: number): number => Math.min(600, Math.round(1.6 * values ** 0.56));

function requireOneEach(
  columns: readonly ColumnFacts[],
  features: readonly (readonly Feature[] | undefined)[],
): void {
  for (const [kind, dtype] of [
    ['number', 'f32'],
    ['category', 'i32'],
  ] as const) {
    const names = columns
      .filter((column, index) => {
        const own = features[index] ?? [];
        const there = own.some((feature) => feature.kind === kind);
        if (there && (column.dtype !== dtype || own.some((feature) => feature.kind !== kind))) {
          throw new NetworkError(
            `network: the column ${describeColumn(column)} holds a feature of the kind "${kind}", expected ${dtype} and features of this kind only`,
          );
        }
        return there;
      })
      .map(({ name }) => name);
    if (names.length < 2) continue;
    throw new NetworkError(
      `network: the columns ${names.join(', ')} hold features of the kind "${kind}", expected one such column`,
      { hint: 'put the numbers of a row into one column, and its categories into another' },
    );
  }
}
