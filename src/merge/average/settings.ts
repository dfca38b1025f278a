/** Settings of an average over rounds, by name. */
import { z } from 'zod';

/** Whether the average, and not the last round's model, is what the run ends with. */
const final = z.boolean().default(false);
export const averageSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('ema'), decay: z.number().min(0).max(1).default(0.9), final }),
  z.strictObject({ name: z.literal('swa'), from: z.int().min(1), final }),
]);
