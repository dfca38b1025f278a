/**
 * Tied axes: axes of values whose elements can only be reordered together. For example, the output
 * channels of a convolution are the input channels of the next one. Tied axes share their _units_.
 * An axis in blocks has several elements for each unit, like the columns of a dense layer after
 * flattening [N,C,H,W]. Ties are kept in a union-find structure.
 */

/** Units that are reordered as wholes. */
export interface Units {
  readonly size: number;
  /** Whether they keep their order. */
  fixed: boolean;
  /** If set, only orders that keep this many groups of consecutive units together are allowed. */
  channelGroups: number | undefined;
  /** The axis that these units turned out to be part of. */
  tiedTo: Axis | undefined;
}

/** An axis of `units.size · block` elements: element i belongs to unit ⌊i / block⌋. */
export interface Axis {
  readonly units: Units;
  readonly block: number;
}

/** An axis of this extent, whose elements can be reordered freely until it is tied. */
export const freeAxis = (extent: number): Axis => ({
  units: { size: extent, fixed: false, channelGroups: undefined, tiedTo: undefined },
  block: 1,
});

export function fixedAxis(extent: number): Axis {
  const axis = freeAxis(extent);
  axis.units.fixed = true;
  return axis;
}

export const extentOf = ({ units, block }: Axis) => units.size * block;

/** The axis in terms of the units that it is finally tied to. */
export function resolve({ units, block }: Axis): Axis {
  if (units.tiedTo === undefined) return { units, block };
  const target = resolve(units.tiedTo);
  units.tiedTo = target;
  return { units: target.units, block: block * target.block };
}

export function fix(axis: Axis): void {
  resolve(axis).units.fixed = true;
}

/**
 * Ties two axes of the same extent: one order holds for both. If their blocks do not fit into each
 * other, both are fixed.
 */
export function tie(one: Axis, other: Axis): void {
  const [a, b] = [resolve(one), resolve(other)];
  if (a.units === b.units) return;
  const [fine, coarse] = a.block <= b.block ? [a, b] : [b, a];
  const block = coarse.block / fine.block;
  if (!Number.isInteger(block)) {
    fine.units.fixed = true;
    coarse.units.fixed = true;
    return;
  }
  const { fixed, channelGroups } = fine.units;
  fine.units.tiedTo = { units: coarse.units, block };
  if (fixed) coarse.units.fixed = true;
  if (channelGroups !== undefined) keepChannelGroups(coarse, channelGroups);
}

/**
 * Allows only orders that exchange whole groups, and units within a group; `groups` is their number
 * along the axis. Two different numbers of groups for the same units fix them, although some orders
 * would keep both.
 */
export function keepChannelGroups(axis: Axis, groups: number): void {
  const { units } = resolve(axis);
  // Every order keeps the groups if each unit is one group or several, or if one group is
  // everything.
  if (groups === 1 || groups % units.size === 0) return;
  if (units.size % groups !== 0 || (units.channelGroups ?? groups) !== groups) units.fixed = true;
  else units.channelGroups = groups;
}
