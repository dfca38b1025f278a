/**
 * The facts of a run, as they are in the journal. Facts about membership and time occur only across
 * machines: on one machine every participant is there, and a round waits for all.
 */
import { z } from 'zod';
import { figuresSchema, sharedSumsSchema } from '../../metrics/schemas.js';
import { attachedHashesSchema } from '../../protocol/attachments.js';
import { sha256Schema } from '../../protocol/blob-name.js';

/** What a participant did in a round. */
const updateSchema = z.strictObject({
  participant: z.string(),
  sha256: sha256Schema,
  examples: z.int().positive(),
  /** Set if the work is counted in epochs; otherwise it is counted in steps. */
  epochs: z.int().positive().optional(),
  steps: z.int().positive().optional(),
  examplesSeen: z.int().positive(),
  loss: z.number(),
  /** The figures of its own model on its own validation examples. */
  validation: figuresSchema.optional(),
  /** The hashes of its attachments, by the name of the method. */
  attachments: attachedHashesSchema.optional(),
  /** The hashes of what stays with the participant after the round, if it is on this machine. */
  own: attachedHashesSchema.optional(),
  /**
   * How far the weights moved, relative to the weights that they began with. The coordinator
   * measures it, across machines only.
   */
  moved: z.number().nonnegative().optional(),
  seconds: z.number(),
});
export type UpdateRecord = z.output<typeof updateSchema>;

const round = z.int().positive();
/** The attempt at the round, from 2 on, if an operator went back to before it. */
const attempt = z.int().min(2).optional();
/** The name of the phase in the run's list of phases. */
const phase = z.string();

export const roundEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('update-received'), round, attempt, update: updateSchema }),
  z.strictObject({
    type: z.literal('merged'),
    round,
    attempt,
    sha256: sha256Schema,
    /**
     * The server optimizer's slots after the round, and the average of the rounds' models, if the
     * run has them.
     */
    server: sha256Schema.optional(),
    average: sha256Schema.optional(),
    /** Each strategy's model on the test examples, the copied one first. */
    merged: z.record(z.string(), figuresSchema),
    /** The participants' own models on the test examples, before they are merged. */
    own: z.record(z.string(), figuresSchema),
    /** The hashes of what methods merged from the attachments, for the next round. */
    common: attachedHashesSchema.optional(),
    /** Whose updates were merged, if the round was closed without some participants. */
    counted: z.array(z.string()).optional(),
    seconds: z.number(),
  }),
  z.strictObject({
    type: z.literal('copy-evaluated'),
    round,
    attempt,
    participant: z.string(),
    /** The figures of the copy on the participant's own validation examples. */
    validation: figuresSchema,
    /** The sums that they are computed from, if the participant shares them. */
    sums: sharedSumsSchema.optional(),
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
    /** The factor that turns the least-squares scores into logits. */
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
  /** The participant takes part from now on, or again, with so many examples of its own. */
  z.strictObject({
    type: z.literal('joined'),
    round,
    participant: z.string(),
    examples: z.int().positive(),
    validationExamples: z.int().nonnegative(),
    labelCounts: z.array(z.int().nonnegative()).optional(),
    /** The data differ from those that it took part with before. */
    dataChanged: z.literal(true).optional(),
  }),
  /**
   * The participant left. A phase no longer waits for it if the others are enough. Its earlier work
   * still counts.
   */
  z.strictObject({ type: z.literal('left'), round, participant: z.string(), reason: z.string().optional() }),
  /**
   * A file from the participant was found damaged before the coordinator had used it. The work is
   * asked for again.
   */
  z.strictObject({ type: z.literal('work-lost'), round, phase, participant: z.string() }),
  /** Until when a phase of the round waits for every participant: ISO 8601. */
  z.strictObject({ type: z.literal('deadline-set'), round, phase, attempt, at: z.iso.datetime() }),
  z.strictObject({ type: z.literal('deadline-passed'), round, phase, attempt }),
  /**
   * An operator dropped the participant: nobody waits for it, and its updates that are not merged
   * yet do not count.
   */
  z.strictObject({ type: z.literal('dropped'), round, participant: z.string() }),
  /**
   * An operator went back to the end of round `to`, or with 0 to before round 1. The rounds after
   * it are void.
   */
  z.strictObject({ type: z.literal('rolled-back'), round, to: z.int().nonnegative() }),
  /** A later start of the coordinator allowed more rounds: so many in all. */
  z.strictObject({ type: z.literal('rounds-raised'), round, rounds: z.int().positive() }),
  /** An operator ended the run. */
  z.strictObject({ type: z.literal('stopped'), round }),
]);
export type RoundEvent = z.output<typeof roundEventSchema>;
