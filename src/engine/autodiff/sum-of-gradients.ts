/**
 * The sum of the gradients that reach one value. Two sums are cheaper another way:
 *
 * - A value that is cut into slices gets a gradient from each, padded with zeros to the size of the
 *   whole. Slices that lie side by side are concatenated instead: as many numbers are written as
 *   the value has, not as many for each slice.
 * - A weight that is used again and again, as in each step of a recurrent network, gets Σ aₜᵀ·bₜ.
 *   That is one product of all aₜ below each other and all bₜ below each other.
 */
import { sizeOf } from '../../tensor/shape.js';
import { add, concat, matmul, pad } from '../graph/build.js';
import { operand, type Value, type ValueOf } from '../graph/value.js';

export function sumOfGradients(gradients: readonly [Value, ...Value[]]): Value {
  const slicesJoined = joined(gradients, runsOfSlices(gradients), joinSlices);
  const [first, ...others] = joined(slicesJoined, repeatedProducts(slicesJoined), joinProducts) as [
    Value,
    ...Value[],
  ];
  return others.reduce((sum, gradient) => add(sum, gradient), first);
}

/** Groups of gradients, by their indices. */
type Groups = readonly (readonly number[])[];

/** Replaces each group by one value, in the place of its member that came first. */
function joined(
  gradients: readonly Value[],
  groups: Groups,
  join: (group: readonly Value[]) => Value,
): readonly Value[] {
  const members = new Set(groups.flat());
  const joinedAt = new Map(
    groups.map((group) => [Math.min(...group), join(group.map((index) => gradients[index] as Value))]),
  );
  return gradients.flatMap((gradient, index) => joinedAt.get(index) ?? (members.has(index) ? [] : gradient));
}

/** The one axis along which a value is padded; undefined if there is none or several. */
function paddedAxis({ attributes: { before, after } }: ValueOf<'pad'>): number | undefined {
  const axes = before.flatMap((count, axis) => (count + (after[axis] as number) > 0 ? [axis] : []));
  return axes.length === 1 ? axes[0] : undefined;
}

/** Padded slices of one axis, each of which begins where the one before it ends. */
function runsOfSlices(gradients: readonly Value[]): Groups {
  const slices = gradients.flatMap((gradient, index) => {
    const axis = gradient.op === 'pad' ? paddedAxis(gradient) : undefined;
    if (gradient.op !== 'pad' || axis === undefined) return [];
    const start = gradient.attributes.before[axis] as number;
    return [{ index, axis, start, end: start + (operand(gradient, 0).shape[axis] as number) }];
  });
  slices.sort((a, b) => a.axis - b.axis || a.start - b.start);
  const runs: number[][] = [];
  for (const [place, { index, axis, start }] of slices.entries()) {
    const previous = slices[place - 1];
    if (previous?.axis === axis && previous.end === start) runs.at(-1)?.push(index);
    else runs.push([index]);
  }
  return runs.filter((run) => run.length > 1);
}

function joinSlices(slices: readonly Value[]): Value {
  const [first, last] = [slices[0], slices.at(-1)] as [ValueOf<'pad'>, ValueOf<'pad'>];
  const { before } = first.attributes;
  const { after } = last.attributes;
  const whole = concat(
    slices.map((slice) => operand(slice, 0)),
    paddedAxis(first) as number,
  );
  return [...before, ...after].some((count) => count > 0) ? pad(whole, before, after) : whole;
}

/**
 * A product and a sum for itself cost the time in which so many numbers are copied, beside the
 * numbers that they write.
 */
const OWN_PRODUCT = 2 ** 14;

/** Products aᵀ·b of matrices, if it is cheaper to copy their operands than to add their results. */
function repeatedProducts(gradients: readonly Value[]): Groups {
  const group = gradients.flatMap((gradient, index) => {
    if (gradient.op !== 'matmul' || gradient.inputs.some(({ shape }) => shape.length !== 2)) return [];
    return gradient.attributes.transposeA && !gradient.attributes.transposeB ? [index] : [];
  });
  const products = group.map((index) => gradients[index] as Value);
  const copied = products.flatMap(({ inputs }) => inputs.map(({ shape }) => sizeOf(shape)));
  const added = products.map(({ shape }) => sizeOf(shape) + OWN_PRODUCT);
  const total = (sizes: readonly number[]) => sizes.reduce((sum, size) => sum + size, 0);
  return group.length > 1 && total(copied) < total(added) ? [group] : [];
}

function joinProducts(products: readonly Value[]): Value {
  // The walk meets the uses from the last to the first.
  const inOrder = products.toReversed();
  const below = (index: 0 | 1) =>
    concat(
      inOrder.map((product) => operand(product, index)),
      0,
    );
  return matmul(below(0), below(1), { transposeA: true });
}
