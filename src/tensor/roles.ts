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
 *
 * The name gives the first three, since files of other programs say no more. A plan says what is
 * frozen.
 */
export type Role = 'weight' | 'statistic' | 'counter' | 'frozen';

const roles: ReadonlyMap<string, Exclude<Role, 'frozen'>> = new Map([
  ['running_mean', 'statistic'],
  ['running_var', 'statistic'],
  ['num_batches_tracked', 'counter'],
]);

/** @param name with the names of its layers in front: "layer1.0.bn1.running_var" */
export const roleOf = (name: string): Exclude<Role, 'frozen'> => roles.get(lastPart(name)) ?? 'weight';

/** Whether its values cannot be below 0. */
export const isVariance = (name: string): boolean => lastPart(name) === 'running_var';

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);
