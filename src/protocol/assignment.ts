/**
 * The assignment: what the coordinator asks of all participants at the moment. Each assignment
 * replaces the one before. So it is a state, not a message: a participant that comes late or comes
 * back reads the current one and needs no other.
 */
import { z } from 'zod';
import { participantsSchema, sentenceSchema } from '../base/text.js';
import { attachedBlobsSchema } from './attachments.js';
import { blobSchema } from './blob-name.js';

/** The most rollbacks of a run, since every assignment lists all of them. */
export const MOST_ROLLBACKS = 1000;

const common = {
  epoch: z
    .int()
    .nonnegative()
    .describe(
      'The number of the coordinator’s start. A later one is larger; an earlier one is not listened to any more.',
    ),
  sequence: z.int().nonnegative().describe('Grows with every assignment of the job.'),
  dropped: participantsSchema
    .optional()
    .describe('The participants of whom nothing is expected any more, by order of the operator.'),
  rollbacks: z
    .array(z.int().nonnegative())
    .max(MOST_ROLLBACKS)
    .optional()
    .describe(
      'The rounds after which the run was taken up again, one for each time that an operator went back.',
    ),
};

const round = z.int().positive().describe('The round, counted from 1.');

const work = {
  ...common,
  round,
  attempt: z
    .int()
    .min(2)
    .optional()
    .describe('How often the round was begun, where an operator went back to before it: from 2 on.'),
  waitingFor: participantsSchema.describe(
    'The participants whose answer is asked for and not in yet. Who is not among them waits.',
  ),
  deadline: z.iso
    .datetime()
    .optional()
    .describe('When the round is closed without those who are not in, if enough are.'),
};

const constants = blobSchema
  .optional()
  .describe('The constants that were made of a survey, where round 1 began with one: a safetensors file.');

export const assignmentSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({ ...work, type: z.literal('survey') })
      .describe(
        'Answer the survey of the own training rows that follows from the description, upload the answer, and announce `contributed`.',
      ),
    z
      .strictObject({
        ...{ ...work, constants },
        type: z.literal('train'),
        base: blobSchema
          .optional()
          .describe(
            'The model to begin with. Where it is missing, everybody draws the initial weights by the seed.',
          ),
        common: attachedBlobsSchema
          .optional()
          .describe(
            'What methods have merged of the attachments so far, by their names: `control`, the common control variate of SCAFFOLD.',
          ),
      })
      .describe('Train one round of local work, and announce an `update`.'),
    z
      .strictObject({
        ...{ ...work, constants },
        type: z.literal('evaluate'),
        model: blobSchema.describe('The merged model, which is copied to everybody.'),
      })
      .describe('Evaluate the copied model on the own validation data, and announce `evaluated`.'),
    z
      .strictObject({
        ...{ ...work, constants },
        type: z.literal('sum-features'),
        model: blobSchema.describe('The model whose last layer is refitted.'),
      })
      .describe(
        'Sum what goes into the last layer over the own training data, upload the sums, and announce `contributed`.',
      ),
    z
      .strictObject({
        ...{ ...work, constants },
        type: z.literal('compare-layers'),
        phase: z.enum(['scales', 'alphas']).describe('What the mixes differ in.'),
        model: blobSchema.describe('The model whose last layer is refitted.'),
        solution: blobSchema.describe('The last layer as the sums have it.'),
        mixes: z
          .array(
            z.strictObject({
              scale: z.number().positive().describe('What the solution is multiplied by.'),
              alpha: z.number().min(0).max(1).describe('The part of the solution in the mix.'),
            }),
          )
          .min(1)
          .max(16)
          .describe('Each the last layer (1 − alpha) · model + alpha · scale · solution.'),
      })
      .describe(
        'Sum the loss over the own validation data with each of the mixes, and announce `contributed`.',
      ),
    z
      .strictObject({ ...common, type: z.literal('wait'), round })
      .describe('Nothing is asked for: the coordinator is merging, or getting ready.'),
    z
      .strictObject({
        ...common,
        type: z.literal('finished'),
        reason: z
          .enum(['every-participant-passed', 'max-rounds', 'stopped', 'failed'])
          .describe('Why the run ended.'),
        model: blobSchema.optional().describe('The final model, where there is one.'),
        cutOff: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe(
            'The probability from which on the second of two categories is predicted, where one was chosen. It belongs into the file of the model.',
          ),
        constants,
        message: sentenceSchema(1000).optional().describe('What happened, where the run failed.'),
      })
      .describe('The run is over. Fetch the final model, announce `left`, and end.'),
  ])
  .meta({
    title: 'Assignment',
    description: 'What the coordinator asks of everybody at the moment, known by its `type`.',
  });

export type Assignment = z.output<typeof assignmentSchema>;

/** Whether `one` was published before `other`. */
export const isEarlier = (
  one: Pick<Assignment, 'epoch' | 'sequence'>,
  other: Pick<Assignment, 'epoch' | 'sequence'>,
): boolean => one.epoch < other.epoch || (one.epoch === other.epoch && one.sequence < other.sequence);
