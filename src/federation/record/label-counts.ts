/**
 * How many examples of each category the participants hold. Counts tell about private data: they are
 * recorded only while `shareLabelCounts` says so, in label-counts.json, and nothing computes them
 * afterwards. Node only.
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
        /** [categories]: training and validation together. */
        counts: z.array(count).readonly(),
      }),
    )
    .readonly(),
});
export type LabelCounts = z.output<typeof labelCountsSchema>;

/** Of what every participant holds of a set; nothing where it is not of categories. */
export function labelCountsOf(dataset: Dataset, shares: readonly Share[]): LabelCounts | undefined {
  const categories = [...categoriesOf(dataset)];
  const labels = dataset.targets[0]?.values;
  if (labels === undefined || categories.length === 0) return undefined;
  return { categories, participants: summarizeShares(shares, labels, categories.length) };
}

/**
 * Writes them into the folder of a run, or takes away what an earlier start was allowed to write.
 */
export async function keepLabelCounts(folder: string, counts: LabelCounts | undefined): Promise<void> {
  if (counts === undefined) await rm(join(folder, LABEL_COUNTS), { force: true });
  else await writeResult(folder, LABEL_COUNTS, `${JSON.stringify(counts)}\n`);
}
