/**
 * Small cells are hidden before counts leave their owner. A cell with at least one row, but fewer
 * than the smallest count, is shown as empty, and its rows are counted in another cell. That cell
 * is hidden with it: shown alone, it would give the small one back, since a row is in exactly one
 * cell and the number of rows is known.
 *
 * Cells with rows are gone through in a fixed order and gathered, until the group has at least
 * k − 1 rows more than cells (k is the smallest count). The cell that ends the group gets all its
 * rows; one that has k rows alone is a group by itself and is shown as it is. What is left over at
 * the end joins the last group. So somebody who knows this rule, the groups, their sums and which
 * cells are empty still finds each hidden small cell to be anything from 1 to k − 1:
 *
 * - Before the cell that ends a group, there are 0 to k − 2 rows more than cells, each possible.
 * - The same holds for the cells left over, if the last group then has 2k − 3 rows more than cells.
 *   If it has fewer, its first cell gets all of it, whichever cell had ended it.
 */

export interface ShownCounts {
  /** What the counts are shown as; their sum is the same, or 0 if all are withheld. */
  readonly counts: Float64Array;
  /** 1 for cells that are not what they are shown as. */
  readonly hidden: Uint8Array;
  /** For each cell, the one in which its rows are counted; undefined if all are withheld. */
  readonly shownIn: Int32Array | undefined;
}

/** @param order all cells, in the order in which they are gathered */
export function hideSmall(
  counts: ArrayLike<number>,
  order: readonly number[],
  smallestCount: number,
): ShownCounts {
  const shown = {
    counts: new Float64Array(counts.length),
    hidden: new Uint8Array(counts.length),
    shownIn: Int32Array.from(counts, (_, cell) => cell),
  };
  const groups = gather(counts, order, smallestCount);
  const last = groups.at(-1);
  if (last === undefined) return { ...shown, shownIn: undefined };
  for (const { cells, end } of groups) {
    for (const cell of cells) {
      shown.counts[end] = (shown.counts[end] as number) + (counts[cell] as number);
      shown.shownIn[cell] = end;
      if (cells.length > 1) shown.hidden[cell] = 1;
    }
  }
  return shown;
}

interface Group {
  readonly cells: readonly number[];
  /** The cell that gets all rows. */
  readonly end: number;
}

function gather(counts: ArrayLike<number>, order: readonly number[], smallestCount: number): Group[] {
  const groups: Group[] = [];
  const excessOf = (cells: readonly number[]) =>
    cells.reduce((sum, cell) => sum + (counts[cell] as number) - 1, 0);
  let cells: number[] = [];
  for (const cell of order) {
    if (counts[cell] === 0) continue;
    cells.push(cell);
    if (excessOf(cells) < smallestCount - 1) continue;
    groups.push({ cells, end: cell });
    cells = [];
  }
  const last = groups.pop();
  // Without a group, there are too few rows to show anything.
  if (last === undefined) return [];
  const all = [...last.cells, ...cells];
  const isLarge = excessOf(all) >= 2 * smallestCount - 3;
  return [...groups, { cells: all, end: isLarge ? last.end : (all[0] as number) }];
}
