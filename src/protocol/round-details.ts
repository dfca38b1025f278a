/** The measurements of a round for reports, which the coordinator took when it merged the round. */
import { z } from 'zod';
import { sha256Schema } from './blob-name.js';

const counts = z.array(z.int().min(0));
const label = z.int().min(0).max(255);
const decided = z.strictObject({ index: z.int().min(0), label, own: z.array(label), merged: label });

const fraction = z.number().min(0).max(1);
const area = z.tuple([fraction, fraction]);
const curve = z.array(fraction).max(101);

/** What is known of a model beside its figures: see `metrics/score-details.ts`. */
export const scoreDetailsSchema = z.strictObject({
  scored: z
    .array(
      z.strictObject({
        category: z.int().min(0),
        auroc: area.optional(),
        averagePrecision: area.optional(),
        roc: curve.optional(),
        precisionRecall: curve.optional(),
      }),
    )
    .max(1000)
    .optional(),
  calibration: z
    .array(z.strictObject({ examples: z.int().positive(), predicted: fraction, observed: fraction }))
    .max(100)
    .optional(),
  outcomes: z.array(counts.length(4)).max(1000).optional(),
});

export const roundDetailsSchema = z.strictObject({
  round: z.int().positive(),
  /** The hash of the merged model that they belong to. */
  sha256: sha256Schema,
  participants: z.array(z.string()),
  /** Missing where the models are too large to be held in memory. */
  drift: z
    .strictObject({
      norms: z.array(z.number()),
      /** Missing where there are too many pairs. */
      cosines: z.array(z.array(z.number())).optional(),
    })
    .optional(),
  /** Set if the coordinator has test examples. */
  test: z
    .strictObject({
      examples: z.int().positive(),
      /**
       * By participant and by strategy: [label][prediction]. Those of participants are missing
       * where there are too many.
       */
      confusion: z.strictObject({
        own: z.record(z.string(), z.array(counts)),
        merged: z.record(z.string(), z.array(counts)),
      }),
      /** By participant and by strategy, where the metrics measure more than the confusion. */
      scores: z
        .strictObject({
          own: z.record(z.string(), scoreDetailsSchema),
          merged: z.record(z.string(), scoreDetailsSchema),
        })
        .optional(),
      /** Of the figures of the model that is copied, by metric; where the run asks for them. */
      intervals: z.record(z.string(), z.strictObject({ low: z.number(), high: z.number() })).optional(),
      /** Of the model that is copied; missing where the answers are too many to be kept. */
      decided: z
        .strictObject({ kept: counts, missed: counts, gained: z.array(decided), lost: z.array(decided) })
        .optional(),
    })
    .optional(),
});
export type RoundDetails = z.output<typeof roundDetailsSchema>;
