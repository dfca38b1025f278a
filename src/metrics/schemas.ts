/**
 * The schemas of metrics, figures and targets. They stand apart from what computes with them, so
 * that a worker thread, which receives checked values only, need not load the library of schemas.
 */
import { z } from 'zod';

const metricNameSchema = z.string().regex(/^[A-Za-z][\w-]{0,39}$/);

export const metricSchema = z.strictObject({
  name: metricNameSchema.describe('The name by which settings and records call it, such as "rmse".'),
  label: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .describe('Its name in prose, where that is another, such as "RMSE".'),
  better: z.enum(['higher', 'lower']).describe('Which way is better.'),
  format: z
    .enum(['percent', 'fraction', 'number'])
    .describe(
      'How it is written. A percent and a fraction are numbers from 0 to 1, written as 91.23% and as 0.912.',
    ),
  unit: z.string().min(1).max(20).optional().describe('The unit of a number, such as "km".'),
});

export const metricsSchema = z
  .tuple([metricSchema], metricSchema)
  .refine(
    (metrics) => metrics.length <= 20 && new Set(metrics.map(({ name }) => name)).size === metrics.length,
  );

export const figuresSchema = z
  .record(metricNameSchema, z.number())
  .refine((figures) => Object.keys(figures).length <= 20);

/** With more numbers, an announcement would be larger than a hub takes. */
export const MOST_SHARED_NUMBERS = 10_000;

/** A sum without its zeros: the values at these places, of so many numbers. */
const sparseSumSchema = z.strictObject({
  size: z.int().positive().max(10_000_000).describe('How many numbers there are, zeros included.'),
  places: z
    .array(z.int().nonnegative())
    .max(MOST_SHARED_NUMBERS)
    .describe('Of those that are not 0, in order.'),
  values: z.array(z.number()).max(MOST_SHARED_NUMBERS).describe('What is at these places.'),
});

/** The sums of a model's metrics on the validation examples of one participant. */
export const sharedSumsSchema = z
  .strictObject({
    counted: z.int().nonnegative().describe('The units over which the loss is averaged, such as examples.'),
    lossSum: z.number().describe('The sum of their losses.'),
    sums: z
      .record(metricNameSchema, sparseSumSchema)
      .refine((sums) => Object.keys(sums).length <= 20)
      .describe('By name, such as `confusion` or `scores`; those with a small count are left out.'),
  })
  .meta({ title: 'SharedSums', description: 'What the metrics of a model are computed from.' });

/** Figures of several participants together, by metric. */
export const figuresTogetherSchema = z.record(
  metricNameSchema,
  z.strictObject({
    /** Left out where their examples do not define it. */
    figure: z.number().optional(),
    /** How many participants share the sums that it needs. */
    participants: z.int().positive(),
  }),
);

/** The setting `metrics`; whether the task has them is checked with it. */
export const chosenMetricsSchema = z
  .array(metricNameSchema)
  .min(1)
  .max(19)
  .refine((names) => new Set(names).size === names.length, 'expected each metric once')
  .refine(
    (names) => names.some((name) => name !== 'loss'),
    'expected another metric beside loss, which is always measured',
  );

/** `0.91`, or `{ metric: rmse, atMost: 3.2 }`. */
export const targetSchema = z.union([
  z.number(),
  z.strictObject({
    metric: metricNameSchema.describe('One of the metrics of the task.'),
    atLeast: z.number().optional().describe('The bound, where higher is better.'),
    atMost: z.number().optional().describe('The bound, where lower is better.'),
  }),
]);

const part = z.number().gt(0).max(1);

/** The setting `decision`. */
export const decisionSchema = z.union([
  z.literal('youden').describe('The greatest sum of sensitivity and specificity.'),
  z
    .strictObject({
      sensitivity: part.describe('The least sensitivity; the specificity is as high as can be.'),
    })
    .describe('At a sensitivity.'),
  z
    .strictObject({
      specificity: part.describe('The least specificity; the sensitivity is as high as can be.'),
    })
    .describe('At a specificity.'),
]);

const fraction = z.number().min(0).max(1);
const ofExamples = z.int().nonnegative();

/** How many examples a cut-off decides rightly and wrongly, and what that comes to. */
const cutOffResultSchema = z.strictObject({
  truePositives: ofExamples,
  falsePositives: ofExamples,
  falseNegatives: ofExamples,
  trueNegatives: ofExamples,
  /** By name: sensitivity, specificity, ppv, npv. A figure without examples is left out. */
  figures: z.record(metricNameSchema, fraction),
  /** The middle 95% of bootstrap draws of the examples. */
  intervals: z.record(metricNameSchema, z.strictObject({ low: fraction, high: fraction })).optional(),
});

/** The cut-off of a run. */
export const decisionResultSchema = z.strictObject({
  rule: decisionSchema,
  /** The probability of the positive category from which on it is predicted. */
  cutOff: fraction,
  /** The name of that category. */
  positive: z.string(),
  /** The examples that it was chosen on. */
  validation: cutOffResultSchema,
  /** Across machines: the number of participants whose validation examples these are. */
  participants: z.int().positive().optional(),
  /** The coordinator's own examples, if it has any. */
  test: cutOffResultSchema.optional(),
});
