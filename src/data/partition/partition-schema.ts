/**
 * The settings of a partition: how a data set is dealt out, and what each participant validates on.
 */
import { z } from 'zod';

const positive = z.number().positive();
const count = z.int().min(1);

export const partitionSchema = z
  .strictObject({
    name: z
      .string()
      .describe('The partitioner; across machines, "own" means that each participant has its own data.'),
    participants: count.default(2).describe('The number of participants.'),
    validation: z
      .number()
      .min(0.001)
      .max(0.9)
      .default(0.1)
      .describe('The part of every participant’s examples that it validates on.'),
    alpha: positive.optional().describe('With "dirichlet": a smaller number makes the shares differ more.'),
    minimumExamples: count.optional().describe('With "dirichlet": the fewest examples of a share.'),
    shardsPerParticipant: count
      .optional()
      .describe('With "shards": the number of pieces, sorted by label, in a share.'),
  })
  .meta({ title: 'Partition', description: 'How a data set is dealt out.' });
