/**
 * Checks that values can be merged, and words the errors. `where` names the owner of a value:
 * `"b.safetensors"`.
 */
import { formatShape, type Shape, sameShape } from '../../tensor/shape.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { MergeError } from '../error.js';
import { firstNotFinite } from '../kernels/block.js';
import type { AppliedTo, Strategy } from '../strategy.js';

interface Described {
  readonly name: string;
  readonly shape: Shape;
  /** Compared if both have one. */
  readonly dtype?: string;
}

/**
 * @throws MergeError at the first difference in names, shapes or dtypes. The order of the tensors
 * does not matter.
 */
export function checkSameTensors(
  actual: readonly Described[],
  expected: readonly Described[],
  where: string,
): void {
  const byName = new Map(actual.map((tensor) => [tensor.name, tensor]));
  for (const { name, shape, dtype } of expected) {
    const tensor = byName.get(name);
    if (tensor === undefined) throw new MergeError(`merge: "${name}" is missing in ${where}`, networkHint);
    if (!sameShape(tensor.shape, shape)) {
      throw new MergeError(
        `merge: "${name}" is ${formatShape(tensor.shape)} in ${where}, expected ${formatShape(shape)}`,
        networkHint,
      );
    }
    if (tensor.dtype !== dtype) {
      throw new MergeError(`merge: "${name}" is ${tensor.dtype} in ${where}, expected ${dtype}`, {
        hint: 'convert the files to one dtype first',
      });
    }
    byName.delete(name);
  }
  const [extra] = byName.keys();
  if (extra !== undefined) throw new MergeError(`merge: "${extra}" in ${where} is not expected`, networkHint);
}

/** @throws MergeError unless it is a finite number above 0. */
export function checkExamples(examples: number, where: string): void {
  if (!(examples > 0 && examples < Number.POSITIVE_INFINITY)) {
    throw new MergeError(`merge: ${where} has ${examples} examples, expected a positive number`);
  }
}

/** Says how many updates the strategy takes, if it does not take this number. */
export function updatesProblem({ takes }: Strategy, updates: number): string | undefined {
  if (takes === undefined) return undefined;
  const { least, most = Number.POSITIVE_INFINITY, rule } = takes;
  if (updates >= least && updates <= most) return undefined;
  const expected = least === most ? `exactly ${least}` : `at least ${least}`;
  return `takes ${expected} updates (${rule}), got ${updates}`;
}

/** @throws MergeError when the strategy does not take this number of updates. */
export function checkUpdates(strategy: Strategy, updates: number): void {
  const problem = updatesProblem(strategy, updates);
  if (problem === undefined) return;
  throw new MergeError(`merge: ${strategy.name} ${problem}`, {
    hint: 'choose another strategy, or another number of updates',
  });
}

/**
 * Whether the strategy is applied to weights or to updates here.
 * @throws MergeError when it is applied to updates and there is no base.
 */
export function appliedTo(strategy: Strategy, on: AppliedTo | undefined, hasBase: boolean): AppliedTo {
  const what = strategy.on ?? on ?? 'weights';
  if (what === 'updates' && !hasBase) {
    throw new MergeError(
      strategy.on === 'updates'
        ? `merge: ${strategy.name} is applied to updates, so it needs a base, the state that they started from`
        : 'merge: on updates it needs a base, the state that the updates started from',
      { hint: 'give the base, or merge weights' },
    );
  }
  return what;
}

/** @throws MergeError that names the first value that is NaN or infinite. */
export function checkFinite({ layout, data }: StateDict, where: string): void {
  for (const { name, offset, size } of layout) {
    const values = data.subarray(offset, offset + size);
    const bad = firstNotFinite(values);
    if (bad >= 0) throw notFinite(name, bad, values[bad] as number, where);
  }
}

export function notFinite(tensor: string, index: number, value: number, where: string): MergeError {
  return new MergeError(
    `merge: "${tensor}" is ${value} at index ${index} in ${where}, expected a finite number`,
    {
      hint: 'leave it out, or train it again with a lower learning rate',
    },
  );
}

export function notStorable(tensor: string, index: number, value: number, dtype: string): MergeError {
  return new MergeError(
    `merge: the merged "${tensor}" is ${value} at index ${index}, expected a finite ${dtype}`,
  );
}

const networkHint = { hint: 'merge only models of the same network' };
