/**
 * The number of examples of each category that every participant holds. Counts tell about private
 * data: they are recorded only if `shareLabelCounts` is set, in label-counts.json, and never
 * computed later. Node only.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { categoriesOf, type Dataset } from '../../data/dataset.js';
import type { Share } from '../../data/partition/partition.js';
import { summarizeShares } from '../../data/partition/summary.js';
import { writeResult } from './write-result.js';

export const LABEL_COUNTS = 'label-counts.json';

const count = z.int().min(0);

export const labelCountsSchema = z.strictObject({
  categories: z.array(z.string()).readonly(),
  participants: z
    .array(
      z.strictObject({
        name: z.string(),
        train: count,
        validation: count,
        /** [categories], training and validation together. */
        counts: z.array(count).readonly(),
      }),
    )
    .readonly(),
});
export type LabelCounts = z.output<typeof labelCountsSchema>;

/** The counts of every participant's share; undefined if the target is not a category. */
export function labelCountsOf(dataset: Dataset, shares: readonly Share[]): LabelCounts | undefined {
  const categories = [...categoriesOf(dataset)];
  const labels = dataset.targets[0]?.values;
  if (labels === undefined || categories.length === 0) return undefined;
  return { categories, participants: summarizeShares(shares, labels, categories.length) };
}

/**
 * Writes the counts into a run folder, or removes those of an earlier start if they may not be
 * shared any more.
 */
export async function keepLabelCounts(folder: string, counts: LabelCounts | undefined): Promise<void> {
  if (counts === undefined) await rm(join(folder, LABEL_COUNTS), { force: true });
  else await writeResult(folder, LABEL_COUNTS, `${JSON.stringify(counts)}\n`);
}
