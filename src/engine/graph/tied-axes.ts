/**
 * Axes of values whose elements may change places only together: the channels that a convolution
 * gives are the channels that the next one takes. Tied axes share their _units_; an axis in blocks
 * has several elements for every unit, as the columns of a dense layer do after flattening
 * [N,C,H,W]. Ties are kept as a union-find structure.
 */

/** Things that change places as wholes. */
export interface Units {
  readonly size: number;
  /** They stay where they are. */
  fixed: boolean;
  /**
   * Only orders that keep so many groups of consecutive units together are allowed, where there is
   * a number.
   */
  channelGroups: number | undefined;
  /** What these units turned out to be part of. */
  tiedTo: Axis | undefined;
}

/** An axis of `units.size · block` elements: element i belongs to unit ⌊i / block⌋. */
export interface Axis {
  readonly units: Units;
  readonly block: number;
}

/** An axis of so many elements that may change places freely, as long as nothing is tied to it. */
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

/** The axis in terms of the units that it is tied to in the end. */
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
 * The same order holds for both axes, which are of one extent. Where their blocks do not fit into
 * each other, none does.
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
 * Only orders that exchange groups as wholes, and units within a group, are allowed: of so many
 * groups along the axis. Two numbers of groups for the same units fix them, although some orders
 * keep both.
 */
export function keepChannelGroups(axis: Axis, groups: number): void {
  const { units } = resolve(axis);
  // A unit that is one group or several, or a group that is everything: every order keeps that.
  if (groups === 1 || groups % units.size === 0) return;
  if (units.size % groups !== 0 || (units.channelGroups ?? groups) !== groups) units.fixed = true;
  else units.channelGroups = groups;
}
