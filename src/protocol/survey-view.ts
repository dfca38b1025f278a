/**
 * The schema of where the sites of a run of tables differ, by what they answered to its survey
 * (`data/survey/site-comparison.ts`). It has rates, means and deviations, and the counts that
 * sentences name. Small counts were hidden before the answers left their owners.
 */
import { z } from 'zod';
import { nameSchema, participantNameSchema, participantsSchema } from '../base/text.js';
import type { SitesComparison } from '../data/survey/site-comparison.js';

const count = z.int().nonnegative();
const part = z.number().min(0).max(1);

const siteRows = z.strictObject({
  site: participantNameSchema,
  rows: count,
  of: count,
  hidden: z.boolean(),
});
const moments = z.strictObject({ mean: z.number(), deviation: z.number() });

const difference = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('missing'),
    column: nameSchema,
    sites: z.array(siteRows).min(1),
    least: siteRows,
  }),
  z.strictObject({
    kind: z.literal('mean'),
    column: nameSchema,
    site: participantNameSchema,
    unit: nameSchema.optional(),
    own: moments,
    all: moments,
  }),
  z.strictObject({
    kind: z.literal('lacking'),
    column: nameSchema,
    isTarget: z.boolean(),
    value: nameSchema,
    sites: participantsSchema.min(1),
    elsewhere: part,
  }),
  z.strictObject({
    kind: z.literal('balance'),
    column: nameSchema,
    value: nameSchema,
    rows: siteRows,
    elsewhere: part,
  }),
]);

/** By site. */
const siteValues = (value: z.ZodType<number>) =>
  z.array(z.strictObject({ name: nameSchema, values: z.array(value.nullable()) })).max(20);

export const surveyViewSchema = z.strictObject({
  smallestCount: z.int().positive(),
  sites: participantsSchema.min(1),
  differences: z.array(difference).max(10),
  missing: siteValues(part),
  means: siteValues(z.number()),
  targets: siteValues(part),
}) satisfies z.ZodType<SitesComparison>;
