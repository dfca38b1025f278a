/** The schema of a column's description, for files and messages. */
import { z } from 'zod';
import { categoryNamesSchema, nameSchema } from '../base/text.js';

const featureSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({
        kind: z.literal('number'),
        name: nameSchema.describe('The name of the column in the table.'),
        unit: nameSchema.optional().describe('What it is measured in.'),
        range: z
          .tuple([z.number(), z.number()])
          .optional()
          .describe('The least and the greatest value that is counted in histograms.'),
        missing: z
          .array(z.number())
          .max(100)
          .optional()
          .describe('Numbers in the table that stand for a missing value.'),
      })
      .describe('A quantity. The lowest float32 stands for one that is missing.'),
    z
      .strictObject({
        kind: z.literal('category'),
        name: nameSchema.describe('The name of the column in the table.'),
        names: categoryNamesSchema.min(1).describe('The known categories, in the order of their numbers.'),
        missing: z
          .array(nameSchema)
          .max(100)
          .optional()
          .describe('Texts in the table that stand for a missing value, besides an empty one.'),
      })
      .describe('A category. The number after the known ones means another one, the next means missing.'),
  ])
  .meta({ title: 'Feature', description: 'A number of each row of a table, known by its `kind`.' });

export const meaningSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('picture') })
      .describe('The bytes of a picture: [channels, height, width].'),
    z
      .strictObject({
        kind: z.literal('categories'),
        names: categoryNamesSchema.min(1).describe('The names of the categories; the number is the place.'),
        ignored: z.int().optional().describe('The number that stands for none of them.'),
      })
      .describe('Each number is one of a list of things.'),
    z
      .strictObject({
        kind: z.literal('number'),
        unit: nameSchema.optional().describe('What it is measured in.'),
      })
      .describe('Quantities.'),
    z
      .strictObject({
        kind: z.literal('tokens'),
        vocabulary: z.int().positive().describe('How many different tokens there are.'),
        padding: z.int().min(0).optional().describe('The token that fills the places after a text.'),
        field: nameSchema.optional().describe('The column or the field with the text that is read.'),
        tokenizer: z
          .string()
          .regex(/^[0-9a-f]{64}$/)
          .meta({ form: 'SHA-256 (64 lower-case hexadecimal digits)' })
          .optional()
          .describe('The hash of the tokenizer.json by which texts become tokens; bytes without one.'),
      })
      .describe('Words, or pieces of them, by their numbers.'),
    z
      .strictObject({
        kind: z.literal('features'),
        features: z.array(featureSchema).min(1).max(10_000).describe('What each number of an example is.'),
      })
      .describe('A row of a table: all numbers (f32), or all categories (i32).'),
  ])
  .meta({ title: 'Meaning', description: 'What the values of a column mean, known by its `kind`.' });

export const columnFactsSchema = z
  .strictObject({
    name: nameSchema.describe('The name, which is that of the plan’s input.'),
    dtype: z.enum(['u8', 'i32', 'f32']).describe('Bytes, 32-bit integers or 32-bit floating-point numbers.'),
    shape: z.array(z.int().positive()).max(8).describe('The shape of the values of one example.'),
    meaning: meaningSchema.describe('What the values mean.'),
  })
  .refine(
    ({ dtype, meaning }) => dtype !== 'u8' || meaning.kind !== 'categories' || meaning.names.length <= 256,
    { path: ['dtype'], message: 'expected i32 for more than 256 categories' },
  )
  .meta({ title: 'Column', description: 'What each example has under a name, without its values.' });

export const columnsFactsSchema = z.array(columnFactsSchema).min(1).max(100);
