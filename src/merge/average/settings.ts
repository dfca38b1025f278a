/** The settings of an average over rounds, by name. */
import { z } from 'zod';

const final = z
  .boolean()
  .default(false)
  .describe('Whether the final model is the average instead of the last round’s model.');
export const averageSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('ema'),
      decay: z.number().min(0).max(1).default(0.9).describe('The weight of the average so far.'),
      final,
    }),
    z.strictObject({
      name: z.literal('swa'),
      from: z.int().min(1).describe('The first round that is averaged.'),
      final,
    }),
  ])
  .meta({ title: 'Average', description: 'An average over rounds, known by its `name`.' });
