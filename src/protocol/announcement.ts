/**
 * What participants say. An announcement is made at least once, until a receipt comes; saying it again changes nothing, for
 * it is known by (participant, type, round, hash). Blobs that it names are uploaded before.
 */
import { z } from 'zod';
import { sentenceSchema } from '../base/text.js';
import { blobSchema, sha256Schema } from './blob-name.js';

const round = z.int().positive();
const accuracy = z.number().min(0).max(1);
const text = sentenceSchema(1000);

/** What a participant did in a round. */
export const updateSchema = z.strictObject({
  state: blobSchema,
  examples: z.int().positive(),
  /** Where the work is counted in epochs; else in steps. */
  epochs: z.int().positive().optional(),
  steps: z.int().positive().optional(),
  images: z.int().positive(),
  loss: z.number(),
  validationAccuracy: accuracy.optional(),
  /** SCAFFOLD's Δc_k. */
  control: blobSchema.optional(),
  /** The Fisher information, where a strategy wants it. */
  fisher: blobSchema.optional(),
  seconds: z.number().nonnegative(),
});

export const announcementSchema = z.discriminatedUnion('type', [
  /** Takes part from now on; again after every start. */
  z.strictObject({
    type: z.literal('joined'),
    /** Of its own data: for training and for validation. */
    examples: z.int().positive(),
    validationExamples: z.int().nonnegative(),
    /** Such as "onnxruntime-node 1.30.0, cpu", for the log. */
    runtime: text,
    /** Examples of each class, where the participant opts in. */
    labelCounts: z.array(z.int().nonnegative()).max(10_000).optional(),
    /** Its data are not those with which it took part before; which, it keeps to itself. */
    dataChanged: z.literal(true).optional(),
  }),
  z.strictObject({
    type: z.literal('update'),
    round,
    /** What the work began with; nothing where that was the initial weights. */
    base: sha256Schema.optional(),
    /** How often an operator had gone back when it was asked for. */
    rollbacks: z.int().positive().optional(),
    update: updateSchema,
  }),
  z.strictObject({
    type: z.literal('evaluated'),
    round,
    model: sha256Schema,
    validationAccuracy: accuracy,
    examples: z.int().positive(),
  }),
  /** Its own work failed, such as by a loss that diverges: the run cannot go on with it. */
  z.strictObject({ type: z.literal('failed'), round, message: text }),
  /** Takes no part any more. What it handed in still counts. */
  z.strictObject({ type: z.literal('left'), reason: text.optional() }),
]);

export type Announcement = z.output<typeof announcementSchema>;

/** What becomes of an announcement: it counts and is safe, or it does not, and why. */
export const receiptSchema = z.discriminatedUnion('accepted', [
  z.strictObject({ accepted: z.literal(true) }),
  z.strictObject({
    accepted: z.literal(false),
    reason: z.enum([
      'not-expected',
      'late',
      'other-round',
      'other-base',
      'other-update',
      'bad-update',
      /** A blob that it names is not here, or not any more: it can be uploaded again. */
      'no-blob',
      'over',
    ]),
    /** Who, what, expected, got. */
    message: text,
  }),
]);

export type Receipt = z.output<typeof receiptSchema>;

/** How far a participant's work is; said now and then, and lost without harm. */
export const progressSchema = z.strictObject({
  round,
  activity: z.enum(['training', 'evaluating', 'uploading', 'downloading', 'waiting']),
  /** Of training: from 1. */
  epoch: z.int().nonnegative().optional(),
  epochs: z.int().positive().optional(),
  step: z.int().nonnegative().optional(),
  steps: z.int().positive().optional(),
  imagesPerSecond: z.number().nonnegative().optional(),
  loss: z.number().optional(),
  validationAccuracy: accuracy.optional(),
});

export type Progress = z.output<typeof progressSchema>;
