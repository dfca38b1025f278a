/** What columns are, as files and messages say it. */
import { z } from 'zod';
import { classNamesSchema, nameSchema } from '../base/text.js';

const meaningSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('picture') }),
  z.strictObject({
    kind: z.literal('categories'),
    names: classNamesSchema.min(1),
    ignored: z.int().optional(),
  }),
  z.strictObject({ kind: z.literal('number'), unit: nameSchema.optional() }),
  z.strictObject({ kind: z.literal('tokens'), vocabulary: z.int().positive() }),
]);

const columnFactsSchema = z.strictObject({
  name: nameSchema,
  dtype: z.enum(['u8', 'i32', 'f32']),
  /** Of one example. */
  shape: z.array(z.int().positive()).max(8),
  meaning: meaningSchema,
});

export const columnsFactsSchema = z.array(columnFactsSchema).min(1).max(100);
