/** Settings of a partition: how a data set is dealt out, and what each participant validates on. */
import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().min(1);

export const partitionSchema = z.strictObject({
  /** A partitioner; across machines "own" says that everybody brings their own data. */
  name: z.string(),
  participants: count.default(2),
  /** The part of every participant's examples that it validates on. */
  validation: z.number().min(0.001).max(0.9).default(0.1),
  alpha: positive.optional(),
  minimumExamples: count.optional(),
  shardsPerParticipant: count.optional(),
});
