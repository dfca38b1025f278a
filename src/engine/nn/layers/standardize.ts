/**
 * Standardizes numbers: (x − mean)/deviation for each feature. Mean and deviation are constants
 * (`constants.ts`), given by the settings or computed by a program.
 */
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import type { Constants } from './constants.js';
import type { Network, Scope } from './network.js';

/** x [N,…,features] → the same shape, with the constants `mean` and `deviation` [features]. */
export function standardize(scope: Scope, x: Value): Value {
  const features = [x.shape.length === 1 ? 1 : (x.shape.at(-1) ?? 1)];
  const mean = scope.constant('mean', features);
  return g.div(g.sub(g.cast(x, 'f32'), mean), scope.constant('deviation', features, 0));
}

const LAYER = 'standardize';

/** Puts this layer, named "standardize", before a network that reads numbers first. */
export function onStandardized(network: Network): Network {
  return (scope, x, ...others) => network(scope, standardize(scope.in(LAYER), x), ...others);
}

/** The constants of `onStandardized`: these means and deviations, one number for each feature. */
export const standardizedBy = (of: {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}): Constants => ({
  [`${LAYER}.constants.mean`]: of.mean,
  [`${LAYER}.constants.deviation`]: of.deviation,
});
