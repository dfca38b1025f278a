/** The settings of a strategy. */
import { z } from 'zod';
import { readStrategy } from './strategies.js';
import { formatStrategy } from './strategy-text.js';

/** A strategy, in a line or as settings with a name; the parsed value is its shortest line. */
export const strategySchema = z
  .union([
    z.string().max(1000),
    z.looseObject({
      name: z.string().max(100).describe('The name of the strategy. Its parameters are further fields.'),
    }),
  ])
  .transform((reference, context): string => {
    const reading = readStrategy(reference);
    if ('strategy' in reading) return reading.strategy.name;
    // A program may pass its own strategy with this name.
    if (reading.unknown) return typeof reference === 'string' ? reference : formatStrategy(reference);
    const { problem, hint } = reading;
    context.addIssue({ code: 'custom', message: problem, params: { hint } });
    return z.NEVER;
  });
