/** Settings of a refit. */
import { z } from 'zod';

/**
 * The last layer computed from the summed features of all participants: after the last round, or
 * before every copy.
 */
export const refitSchema = z
  .strictObject({
    lambda: z.number().positive().default(1e-2).describe('The strength of the ridge.'),
    rounds: z.enum(['last', 'every']).default('last').describe('After which rounds it is done.'),
  })
  .meta({ title: 'Refit', description: 'A last layer that is computed from sums instead of trained.' });
