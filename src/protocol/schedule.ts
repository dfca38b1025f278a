/** A schedule of a learning rate, by name: over the steps of a run, or over its rounds. */
import { z } from 'zod';

const part = z.number().min(0).max(1);

export const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({ name: z.literal('linear-warm-up'), warmUp: part.default(0.1) }),
  z.strictObject({ name: z.literal('cosine'), warmUp: part.default(0), floor: part.default(0) }),
  z.strictObject({ name: z.literal('one-cycle'), warmUp: part.default(0.3) }),
]);
