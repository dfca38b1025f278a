/** The categories of each participant, as numbers and as a table of plain text. */
import { classCounts } from '../class-counts.js';
import type { Share } from './partition.js';

export interface ShareSummary {
  readonly name: string;
  /** Numbers of examples. */
  readonly train: number;
  readonly validation: number;
  /** [categories]: numbers of examples, training and validation together. */
  readonly counts: readonly number[];
}

/** @param labels [examples] of the data set that was dealt out. */
export function summarizeShares(
  shares: readonly Share[],
  labels: ArrayLike<number>,
  categories: number,
): ShareSummary[] {
  return shares.map(({ name, train, validation }) => {
    const trained = classCounts(labels, categories, train);
    const validated = classCounts(labels, categories, validation);
    return {
      name,
      train: train.length,
      validation: validation.length,
      counts: [...trained].map((count, label) => count + (validated[label] as number)),
    };
  });
}

/**
 * One row for each participant and one column for each category, in lines of at most `width`
 * characters if the names allow. If there are more categories than fit, a further block follows.
 * "·" marks a category that a participant does not have.
 */
export function renderShares(
  summary: readonly ShareSummary[],
  categoryNames: readonly string[],
  { width = 100 }: { width?: number } = {},
): string {
  const totals = [
    column(
      'train',
      summary.map((share) => String(share.train)),
    ),
    column(
      'valid.',
      summary.map((share) => String(share.validation)),
    ),
  ];
  const names = ['', ...summary.map((share) => share.name)];
  const nameWidth = Math.max(...names.map((name) => name.length));
  const room = width - nameWidth - widthOf(totals);
  const counts = categoryNames.map((_, label) =>
    summary.map(({ counts }) => (counts[label] ? String(counts[label]) : '·')),
  );
  const countWidth = Math.max(1, ...counts.flat().map((count) => count.length));
  const labelWidth = Math.max(countWidth, 6, Math.floor(room / categoryNames.length) - 1);
  const columns = headings(categoryNames, labelWidth).map((heading, label) =>
    column(heading, counts[label] ?? []),
  );
  return blocks(columns, room)
    .map((block, index) => {
      const cells = [...block, ...(index === 0 ? totals : [])];
      return names
        .map((name, line) => [name.padEnd(nameWidth), ...cells.map((cell) => cell[line])].join(' ').trimEnd())
        .join('\n');
    })
    .join('\n\n');
}

/** The heading and the cells, all padded on the left to the widest. */
function column(heading: string, cells: readonly string[]): string[] {
  const lines = [heading, ...cells];
  const widest = Math.max(...lines.map((line) => line.length));
  return lines.map((line) => line.padStart(widest));
}

function widthOf(columns: readonly string[][]): number {
  return columns.reduce((sum, cells) => sum + (cells[0] ?? '').length + 1, 0);
}

/** Names cut to the column's width, or numbers if two cut names would be alike. */
function headings(categoryNames: readonly string[], width: number): readonly string[] {
  const cut = categoryNames.map((name) => (name.length > width ? `${name.slice(0, width - 1)}…` : name));
  return new Set(cut).size === cut.length ? cut : categoryNames.map((_, label) => String(label));
}

function blocks(columns: readonly string[][], room: number): string[][][] {
  const result: string[][][] = [[]];
  for (const cells of columns) {
    const last = result.at(-1) as string[][];
    if (last.length > 0 && widthOf([...last, cells]) > room) result.push([cells]);
    else last.push(cells);
  }
  return result;
}
