/** The settings of how the numbers of a table are prepared, by statistics of training rows. */
import { z } from 'zod';

const part = z.number().min(0).max(1);

export const preprocessingSchema = z.strictObject({
  standardize: z
    .boolean()
    .default(true)
    .describe('Whether numbers are centred by their mean and divided by their standard deviation.'),
  impute: z
    .enum(['median', 'mean'])
    .default('median')
    .describe('What stands in for a missing number; that it is missing is an input of its own.'),
  clip: z
    .union([
      z.literal(false),
      z.tuple([part, part]).refine(([low, high]) => low < high, 'expected a smaller and a larger part'),
    ])
    .default([0.01, 0.99])
    .describe('The quantiles to which numbers beyond them are moved; false for none.'),
  statistics: z
    .enum(['global', 'site'])
    .default('global')
    .describe(
      'Whose rows the statistics are of: those of all participants, or for each participant its own. Its own stay with it.',
    ),
  smallestCount: z
    .int()
    .refine((count) => count === 1 || (count >= 3 && count <= 1000), 'expected 1, or 3 to 1000')
    .default(5)
    .describe('Counts below are hidden in the statistics of each participant; 1 hides none.'),
});
export type Preprocessing = z.output<typeof preprocessingSchema>;
