/** The settings of a server optimizer, by name. */
import { z } from 'zod';
import { scheduleSchema } from '../../engine/nn/settings.js';

const positive = z.number().positive();
const beta = (value: number) => z.number().min(0).max(0.99999).default(value);
const momentum = beta(0.9).describe('The momentum.');
const beta1 = (value: number) => beta(value).describe('The decay of the mean of the change.');
const beta2 = beta(0.99).describe('The decay of the mean of the squared change.');
/** η, and its schedule over the rounds. */
const rate = (value: number) => ({
  learningRate: positive.default(value).describe('The learning rate of the server, η.'),
  schedule: scheduleSchema.default({ name: 'constant' }).describe('The schedule of η over the rounds.'),
});
const tau = positive.default(1e-3).describe('A small number that is added to the root in the denominator.');

export const serverSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('fed-avg-m'),
      ...rate(1),
      momentum,
      nesterov: z.boolean().default(false).describe('Nesterov’s momentum.'),
    }),
    z.strictObject({ name: z.literal('fed-adam'), ...rate(0.01), beta1: beta1(0.9), beta2, tau }),
    z.strictObject({ name: z.literal('fed-yogi'), ...rate(0.01), beta1: beta1(0.9), beta2, tau }),
    z.strictObject({ name: z.literal('fed-adagrad'), ...rate(0.01), beta1: beta1(0), tau }),
    z.strictObject({ name: z.literal('diloco'), ...rate(0.7), momentum }),
  ])
  .meta({ title: 'Server optimizer', description: 'A server optimizer, known by its `name`.' });
