/**
 * The role of a tensor in a model, from PyTorch's names for the buffers of batch normalization.
 * Code that changes weights (adds to them, prunes, extrapolates) must not touch other tensors: a
 * variance below 0 is invalid.
 */

/**
 * - `weight`: training changes it
 * - `statistic`: computed from the data in a layer; no optimizer, correction or robust strategy
 *   touches it
 * - `counter`: counts steps, a whole number
 * - `frozen`: stays as it is; it is not in the state that training carries, and travels once
 * - `constant`: given before training, such as the mean of an input; carried as what is frozen
 *
 * The name gives all of them but `frozen`, since files of other programs say no more. A plan says
 * what is frozen.
 */
export type Role = 'weight' | 'statistic' | 'counter' | 'frozen' | 'constant';

const roles: ReadonlyMap<string, Exclude<Role, 'frozen' | 'constant'>> = new Map([
  ['running_mean', 'statistic'],
  ['running_var', 'statistic'],
  ['num_batches_tracked', 'counter'],
]);

/** The part of a layer in which its constants are: "standardize.constants.mean". */
const CONSTANTS = 'constants';

/** The name of a constant. @param prefix the names of its layers, each with a dot after it */
export const constantName = (prefix: string, name: string): string => `${prefix}${CONSTANTS}.${name}`;

/** @param name with the names of its layers in front: "layer1.0.bn1.running_var" */
export const roleOf = (name: string): Exclude<Role, 'frozen'> =>
  name.split('.').at(-2) === CONSTANTS ? 'constant' : (roles.get(lastPart(name)) ?? 'weight');

/** Whether its values cannot be below 0. */
export const isVariance = (name: string): boolean => lastPart(name) === 'running_var';

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);
