/**
 * How many examples of each class the participants hold. Counts tell about private data: they are recorded only where
 * `shareLabelCounts` says so, in label-counts.json, and nothing computes them afterwards.
 */
import { z } from 'zod';

export const LABEL_COUNTS = 'label-counts.json';

const count = z.int().min(0);

export const labelCountsSchema = z.strictObject({
  classNames: z.array(z.string()),
  participants: z.array(
    z.strictObject({ name: z.string(), train: count, validation: count, classes: z.array(count) }),
  ),
});
export type LabelCounts = z.output<typeof labelCountsSchema>;
