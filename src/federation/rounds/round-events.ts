/**
 * The facts of a run, as the journal has them. Facts of membership and of time come only from
 * federations across machines: on one machine everybody is there, and a round waits for all.
 */
import { z } from 'zod';
import { figuresSchema } from '../../metrics/schemas.js';
import { attachedHashesSchema } from '../../protocol/attachments.js';
import { sha256Schema } from '../../protocol/blob-name.js';

/** What a participant did in a round. */
const updateSchema = z.strictObject({
  participant: z.string(),
  sha256: sha256Schema,
  examples: z.int().positive(),
  /** Where the work is counted in epochs; else in steps. */
  epochs: z.int().positive().optional(),
  steps: z.int().positive().optional(),
  examplesSeen: z.int().positive(),
  loss: z.number(),
  /** Of its own model on its own validation examples. */
  validation: figuresSchema.optional(),
  /** What travels with it, by the name of its method. */
  attachments: attachedHashesSchema.optional(),
  /** What stays with the participant after the round: where that is on this machine. */
  own: attachedHashesSchema.optional(),
  /**
   * How far the weights moved, in units of those that they began with, as the coordinator measured
   * it: across machines.
   */
  moved: z.number().nonnegative().optional(),
  seconds: z.number(),
});
export type UpdateRecord = z.output<typeof updateSchema>;

const round = z.int().positive();
/** Of the round, where an operator went back to before it: from 2 on. */
const attempt = z.int().min(2).optional();
/** Its name in the list of the run's phases. */
const phase = z.string();

export const roundEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('update-received'), round, attempt, update: updateSchema }),
  z.strictObject({
    type: z.literal('merged'),
    round,
    attempt,
    sha256: sha256Schema,
    /**
     * The server optimizer's slots after the round, and the average of the rounds' models, where
     * there is one.
     */
    server: sha256Schema.optional(),
    average: sha256Schema.optional(),
    /** On the test examples, of every strategy's model, the copied one's first. */
    merged: z.record(z.string(), figuresSchema),
    /** On the test examples, of the participants' own models, before they are merged. */
    own: z.record(z.string(), figuresSchema),
    /** What methods have merged of the attachments, for the next round. */
    common: attachedHashesSchema.optional(),
    /** Whose updates were merged, where the round was closed without some. */
    counted: z.array(z.string()).optional(),
    seconds: z.number(),
  }),
  z.strictObject({
    type: z.literal('copy-evaluated'),
    round,
    attempt,
    participant: z.string(),
    /** Of the copy on the participant's own validation examples. */
    validation: figuresSchema,
  }),
  /** What a participant handed in for a phase that has no fact of its own: a file, or sums. */
  z.strictObject({
    type: z.literal('contributed'),
    round,
    phase,
    attempt,
    participant: z.string(),
    sha256: sha256Schema.optional(),
    sums: z.array(z.number()).optional(),
  }),
  /** What the coordinator made in a phase that has no fact of its own: a file. */
  z.strictObject({ type: z.literal('computed'), round, phase, attempt, sha256: sha256Schema }),
  z.strictObject({
    type: z.literal('refitted'),
    round,
    attempt,
    sha256: sha256Schema,
    /** By which the least-squares scores are multiplied to be logits. */
    scale: z.number().positive(),
    /** The share of the solution in the layer; the rest is the layer as it was. */
    alpha: z.number().min(0).max(1).default(1),
    test: figuresSchema,
  }),
  z.strictObject({
    type: z.literal('pooled-trained'),
    round,
    attempt,
    sha256: sha256Schema,
    examplesSeen: z.int().positive(),
    test: figuresSchema.optional(),
  }),
  /** Takes part from now on, or again, with so much data of its own. */
  z.strictObject({
    type: z.literal('joined'),
    round,
    participant: z.string(),
    examples: z.int().positive(),
    validationExamples: z.int().nonnegative(),
    labelCounts: z.array(z.int().nonnegative()).optional(),
    /** They are not the data that it took part with before. */
    dataChanged: z.literal(true).optional(),
  }),
  /** Is not waited for any more, where the others are enough. What it handed in still counts. */
  z.strictObject({ type: z.literal('left'), round, participant: z.string(), reason: z.string().optional() }),
  /**
   * A file that it handed in was found damaged before the coordinator had used it: it is asked for
   * again.
   */
  z.strictObject({ type: z.literal('work-lost'), round, phase, participant: z.string() }),
  /** Until when a phase of the round waits for everybody: ISO 8601. */
  z.strictObject({ type: z.literal('deadline-set'), round, phase, attempt, at: z.iso.datetime() }),
  z.strictObject({ type: z.literal('deadline-passed'), round, phase, attempt }),
  /**
   * An operator wants nothing of it any more: it is not waited for, and what it has handed in and
   * is not merged does not count.
   */
  z.strictObject({ type: z.literal('dropped'), round, participant: z.string() }),
  /**
   * An operator went back to what the run was after round `to`, or before round 1: the rounds after
   * it are void.
   */
  z.strictObject({ type: z.literal('rolled-back'), round, to: z.int().nonnegative() }),
  /** Another start allowed more rounds than the ones before: so many in all. */
  z.strictObject({ type: z.literal('rounds-raised'), round, rounds: z.int().positive() }),
  /** An operator ended the run. */
  z.strictObject({ type: z.literal('stopped'), round }),
]);
export type RoundEvent = z.output<typeof roundEventSchema>;
