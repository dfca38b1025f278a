/**
 * What the coordinator asks for at the moment, of everybody at once: each assignment replaces the one before. So it is a
 * state and no message: whoever comes late, or comes back, reads the current one and knows all there is to know.
 */
import { z } from 'zod';
import { participantsSchema, sentenceSchema } from '../base/text.js';
import { blobSchema } from './blob-name.js';

/** More of them are not taken: every one stays in what everybody is told. */
export const MOST_ROLLBACKS = 1000;

const common = {
  /** Of the coordinator that says so; a later one has a larger number, and the earlier is not listened to any more. */
  epoch: z.int().nonnegative(),
  /** Grows with every assignment of the job. */
  sequence: z.int().nonnegative(),
  /** Those of whom nothing is expected any more. */
  dropped: participantsSchema.optional(),
  /** After which round the run was taken up again, each time that an operator went back to an earlier one. */
  rollbacks: z.array(z.int().nonnegative()).max(MOST_ROLLBACKS).optional(),
};

const work = {
  ...common,
  round: z.int().positive(),
  /** Whose work it is and is not in yet. */
  waitingFor: participantsSchema,
  /** ISO 8601; when the round is closed without those who are not in, if enough are. */
  deadline: z.iso.datetime().optional(),
};

export const assignmentSchema = z.discriminatedUnion('type', [
  z.strictObject({
    ...work,
    type: z.literal('train'),
    /** The copied model; without one, everybody begins with the initial weights of the configuration. */
    base: blobSchema.optional(),
    /** SCAFFOLD's common control variate, once there is one. */
    control: blobSchema.optional(),
  }),
  /** What is the accuracy of the copied model on one's own validation data? */
  z.strictObject({ ...work, type: z.literal('evaluate'), model: blobSchema }),
  /** The coordinator is at work: merging, say. */
  z.strictObject({ ...common, type: z.literal('wait'), round: z.int().positive() }),
  /** The run is over. */
  z.strictObject({
    ...common,
    type: z.literal('finished'),
    reason: z.enum(['every-participant-passed', 'max-rounds', 'stopped', 'failed']),
    /** The final model, where there is one. */
    model: blobSchema.optional(),
    /** In words, where the run failed. */
    message: sentenceSchema(1000).optional(),
  }),
]);

export type Assignment = z.output<typeof assignmentSchema>;

/** Whether `one` was said before `other`. */
export const isEarlier = (
  one: Pick<Assignment, 'epoch' | 'sequence'>,
  other: Pick<Assignment, 'epoch' | 'sequence'>,
): boolean => one.epoch < other.epoch || (one.epoch === other.epoch && one.sequence < other.sequence);
