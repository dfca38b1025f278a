/** Settings of a refit. */
import { z } from 'zod';

/** The last layer from everybody's summed features: once the rounds are over, or before every copy. */
export const refitSchema = z.strictObject({
  lambda: z.number().positive().default(1e-2),
  rounds: z.enum(['last', 'every']).default('last'),
});
