/** Settings of a server optimizer, by name. */
import { z } from 'zod';
import { scheduleSchema } from '../../engine/nn/settings.js';

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
