/** What happens at the coordinator once a round is merged: a server optimizer's step, an average over rounds, a refit. */
import { z } from 'zod';
import { scheduleSchema } from './schedule.js';

const positive = z.number().positive();
const beta = (value: number) => z.number().min(0).max(0.99999).default(value);
/** η, and how it goes over the rounds. */
const rate = (value: number) => ({
  learningRate: positive.default(value),
  schedule: scheduleSchema.default({ name: 'constant' }),
});
const tau = positive.default(1e-3);

export const serverSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('fed-avg-m'),
    ...rate(1),
    momentum: beta(0.9),
    nesterov: z.boolean().default(false),
  }),
  z.strictObject({ name: z.literal('fed-adam'), ...rate(0.01), beta1: beta(0.9), beta2: beta(0.99), tau }),
  z.strictObject({ name: z.literal('fed-yogi'), ...rate(0.01), beta1: beta(0.9), beta2: beta(0.99), tau }),
  z.strictObject({ name: z.literal('fed-adagrad'), ...rate(0.01), beta1: beta(0), tau }),
  z.strictObject({ name: z.literal('diloco'), ...rate(0.7), momentum: beta(0.9) }),
]);

/** The last layer from everybody's summed features: once the rounds are over, or before every copy. */
export const refitSchema = z.strictObject({
  lambda: positive.default(1e-2),
  rounds: z.enum(['last', 'every']).default('last'),
});

/** Whether the average, and not the last round's model, is what the run ends with. */
const final = z.boolean().default(false);
export const averageSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('ema'), decay: z.number().min(0).max(1).default(0.9), final }),
  z.strictObject({ name: z.literal('swa'), from: z.int().min(1), final }),
]);
