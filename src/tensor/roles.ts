/**
 * What a tensor of a model is, besides a weight that training moves, by the names that PyTorch
 * gives to the buffers of batch normalization. Code that changes weights (adds to them, prunes,
 * extrapolates) must leave the others alone: a variance below 0 is none.
 */

/**
 * - `weight`: training moves it
 * - `statistic`: of the data that went through a layer; no optimizer, correction or robust strategy
 *   touches it
 * - `counter`: of the steps, a whole number
 * - `frozen`: stays as it is; it is no part of the state that training carries, and travels once
 *
 * The first three are told by the name, since files of other programs say no more. What is frozen,
 * a plan says.
 */
export type Role = 'weight' | 'statistic' | 'counter' | 'frozen';

const roles: ReadonlyMap<string, Exclude<Role, 'frozen'>> = new Map([
  ['running_mean', 'statistic'],
  ['running_var', 'statistic'],
  ['num_batches_tracked', 'counter'],
]);

/** @param name with the layers in front: "layer1.0.bn1.running_var" */
export const roleOf = (name: string): Exclude<Role, 'frozen'> => roles.get(lastPart(name)) ?? 'weight';

/** Whether its values can be none below 0. */
export const isVariance = (name: string): boolean => lastPart(name) === 'running_var';

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);
