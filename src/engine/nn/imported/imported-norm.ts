/** The batch norm of a file of another program, in one of the ways in which it can be trained. */
import { roleOf } from '../../../tensor/roles.js';
import type { Shape } from '../../../tensor/shape.js';
import * as g from '../../graph/build.js';
import type { Value } from '../../graph/value.js';
import type { ForeignTensor } from '../../onnx/import/file/foreign-model.js';
import type { ForeignNorm } from '../../onnx/import/rules/call.js';
import { normalizeByBatch } from '../layers/batch-norm.js';
import type { Initializer } from '../layers/initializers.js';
import type { Scope } from '../layers/network.js';

/**
 * How the batch norm of a file is treated:
 * - `batch`: by the mean and variance of the batch, with running ones for evaluation; a plan may
 *   take those of each part of the batch (`normPerPart`)
 * - `frozen`: by the running ones of the file, in training, too; scale and shift are trained
 * - `group`: replaced by group norm with the same scale and shift, and no statistics
 */
export type ImportedNorm = 'batch' | 'frozen' | 'group';

/**
 * Batch norm in a network that asks this scope for its running statistics. Modules may be shared,
 * so each statistic is asked for once.
 * @param tensors the running means and variances of the file
 */
export function importedNorms(
  scope: Scope,
  tensors: readonly ForeignTensor[],
  norm: ImportedNorm,
): (x: Value, foreign: ForeignNorm) => Value {
  const asked = new Map<string, Value>();
  const statistic = (name: string, shape: Shape, source?: string) => {
    const tensor = tensors.find((one) => one.name === source);
    const value = asked.get(name) ?? scope.statistic(name, shape, valuesOf(tensor));
    asked.set(name, value);
    return value;
  };
  return (x, { scale, shift, epsilon, kept, ...foreign }) => {
    if (norm === 'group') return groupNormalized(x, scale, shift, epsilon);
    const names = statisticNames(foreign.mean, foreign.variance);
    return normalizeByBatch(scope, x, {
      scale,
      shift,
      epsilon,
      mean: statistic(names.mean, scale.shape, foreign.mean),
      variance: statistic(names.variance, scale.shape, foreign.variance),
      // The number of batches is in no file.
      moving:
        norm === 'batch' ? { batches: statistic(names.batches, []), momentum: 1 - kept, names } : undefined,
    });
  };
}

/** PyTorch's names, which say that a tensor is a statistic; other names get them as their ends. */
function statisticNames(mean: string, variance: string) {
  const named = (name: string, end: string) => (roleOf(name) === 'statistic' ? name : `${name}.${end}`);
  const own = named(mean, 'running_mean');
  return {
    mean: own,
    variance: named(variance, 'running_var'),
    batches: own.replace(/running_mean$/, 'num_batches_tracked'),
  };
}

/** At most 32 groups (Wu and He 2018) of two channels or more. */
function groupNormalized(x: Value, scale: Value, shift: Value, epsilon: number): Value {
  const [n = 1, channels = 1, ...rest] = x.shape;
  const most = Math.max(1, Math.min(32, Math.floor(channels / 2)));
  let groups = most;
  while (channels % groups !== 0) groups--;
  const flat = g.reshape(x, [n, channels, 1, rest.reduce((a, b) => a * b, 1)]);
  return g.reshape(g.groupNorm(flat, groups, scale, shift, epsilon), x.shape);
}

/** Begins with the values of the file; zeros where it has none. */
export const valuesOf =
  (tensor: ForeignTensor | undefined): Initializer =>
  (out) =>
    out.set(tensor?.numbers() ?? []);
