/**
 * The announcements of participants. Each is repeated until a receipt comes. Repeating it changes
 * nothing, since it is identified by (participant, type, round, hash). The blobs that it names are
 * uploaded before.
 */
import { z } from 'zod';
import { sentenceSchema } from '../base/text.js';
import { figuresSchema, sharedSumsSchema } from '../metrics/schemas.js';
import { attachedBlobsSchema } from './attachments.js';
import { blobSchema, sha256Schema } from './blob-name.js';

const round = z.int().positive().describe('The round, counted from 1.');
const text = sentenceSchema(1000);

/** A participant's update in a round. */
export const updateSchema = z
  .strictObject({
    state: blobSchema.describe('The trained weights: a safetensors file as in “The file of an update”.'),
    examples: z
      .int()
      .positive()
      .describe(
        'The number of training examples, as in `joined`. It is the weight of this update in a mean.',
      ),
    epochs: z
      .int()
      .positive()
      .optional()
      .describe('The passes over the data that were made, where the local work is counted in epochs.'),
    steps: z
      .int()
      .positive()
      .optional()
      .describe('The steps that were made, where the local work is counted in steps.'),
    examplesSeen: z.int().positive().describe('The number of examples seen, repetitions included.'),
    loss: z.number().describe('The mean training loss of the last epoch.'),
    validation: figuresSchema
      .optional()
      .describe(
        'Of the trained weights, on the participant’s own validation examples; left out without any.',
      ),
    attachments: attachedBlobsSchema
      .optional()
      .describe(
        'What travels with the update, by the name of its method: `control`, the change of SCAFFOLD’s control variate; `fisher`, the diagonal of the Fisher information. Both are laid out like `state`. Left out where the round has none.',
      ),
    seconds: z
      .number()
      .nonnegative()
      .meta({ unit: 'seconds', description: 'The time that the work of the round took.' }),
  })
  .meta({ title: 'Update', description: 'What a participant did in a round.' });

export const announcementSchema = z
  .discriminatedUnion('type', [
    z
      .strictObject({
        type: z.literal('joined'),
        examples: z.int().positive().describe('The number of own examples to train on.'),
        validationExamples: z
          .int()
          .nonnegative()
          .describe('The number of own examples to validate on. They are never trained on.'),
        runtime: text.describe('What carries out the plan, for the log: “onnxruntime-node 1.30.0, cpu”.'),
        labelCounts: z
          .array(z.int().nonnegative())
          .max(10_000)
          .optional()
          .describe(
            'The number of examples of each category of the first target, in the order of its `names`. Only where the owner agreed to tell.',
          ),
        dataChanged: z
          .literal(true)
          .optional()
          .describe('The data are not those of an earlier start. How they differ is not told.'),
      })
      .describe('Takes part from now on. Said first on every start.'),
    z
      .strictObject({
        type: z.literal('update'),
        round,
        base: sha256Schema
          .optional()
          .describe(
            'The model that the work began with: `base` of the assignment; left out where it had none.',
          ),
        attempt: z
          .int()
          .min(2)
          .optional()
          .describe('`attempt` of the assignment that was answered; left out where it had none.'),
        update: updateSchema,
      })
      .describe('The work of an assignment `train` is done, and its blobs are uploaded.'),
    z
      .strictObject({
        type: z.literal('evaluated'),
        round,
        model: sha256Schema.describe('The model that was evaluated: `model` of the assignment.'),
        validation: figuresSchema.describe(
          'What the model came to on the participant’s own validation examples, by the names of the task’s metrics: `accuracy`, a fraction, and `loss`.',
        ),
        examples: z.int().positive().describe('The number of validation examples.'),
        sums: sharedSumsSchema
          .optional()
          .describe(
            'The sums that the figures are computed from, without small counts. Only where the owner agreed to share them.',
          ),
      })
      .describe('The answer to an assignment `evaluate`.'),
    z
      .strictObject({
        type: z.literal('contributed'),
        round,
        attempt: z
          .int()
          .min(2)
          .optional()
          .describe('`attempt` of the assignment that was answered; left out where it had none.'),
        phase: sentenceSchema(40).describe(
          '“survey”, “features”, or `phase` of the assignment that was answered.',
        ),
        model: sha256Schema
          .optional()
          .describe('The model that was used: `model` of the assignment; left out for a survey.'),
        file: blobSchema
          .optional()
          .describe('The answer to `survey`, or the sums of features in answer to `sum-features`.'),
        sums: z
          .array(z.number())
          .max(1000)
          .optional()
          .describe('The sum of the loss for each of `mixes`, in answer to `compare-layers`.'),
      })
      .describe('The answer to an assignment `survey`, `sum-features` or `compare-layers`.'),
    z
      .strictObject({
        type: z.literal('failed'),
        round,
        message: text.describe('What happened, for the operator.'),
      })
      .describe('The work of this round came to nothing, such as by a loss that diverges.'),
    z
      .strictObject({
        type: z.literal('left'),
        reason: text.optional().describe('Why, for the operator.'),
      })
      .describe('Takes no part any more. Updates that were accepted still count.'),
  ])
  .meta({ title: 'Announcement', description: 'What a participant says, known by its `type`.' });

export type Announcement = z.output<typeof announcementSchema>;
export type UpdateAnnouncement = Extract<Announcement, { type: 'update' }>;

/** The answer to an announcement: it is recorded, or it is refused, with a reason. */
export const receiptSchema = z
  .discriminatedUnion('accepted', [
    z
      .strictObject({ accepted: z.literal(true) })
      .describe('It is written to the coordinator’s journal, and survives a power cut.'),
    z
      .strictObject({
        accepted: z.literal(false),
        reason: z
          .enum([
            'not-expected',
            'late',
            'other-round',
            'other-base',
            'other-update',
            'bad-update',
            'no-blob',
            'over',
          ])
          .meta({
            description: 'Why not.',
            values: {
              'not-expected': 'this participant is not asked for that',
              late: 'the round was closed without it',
              'other-round': 'the run is in another round',
              'other-base': 'the work began with another model',
              'other-update': 'there is another update of this participant already',
              'bad-update': 'the file is not as it has to be; `message` says what is wrong',
              'no-blob': 'a blob that it names is not here any more: upload it and announce again',
              over: 'the run is over',
            },
          }),
        message: text.describe('Who, what, expected, got: a line for people.'),
      })
      .describe('It does not count.'),
  ])
  .meta({ title: 'Receipt', description: 'What became of an announcement.' });

export type Receipt = z.output<typeof receiptSchema>;

/** The progress of a participant's work; it is sent from time to time, and may be lost. */
export const progressSchema = z
  .strictObject({
    round,
    activity: z
      .enum(['surveying', 'training', 'evaluating', 'uploading', 'downloading', 'waiting'])
      .describe('What is being done.'),
    epoch: z.int().nonnegative().optional().describe('The pass over the data under way, counted from 1.'),
    epochs: z.int().positive().optional().describe('The most passes that this round takes.'),
    step: z.int().nonnegative().optional().describe('The steps of this epoch that are done.'),
    steps: z.int().positive().optional().describe('The steps of this epoch.'),
    examplesPerSecond: z
      .number()
      .nonnegative()
      .optional()
      .meta({ unit: 'examples a second', description: 'The speed since the work began.' }),
    unitsPerSecond: z.number().nonnegative().optional().meta({
      unit: 'units a second',
      description: 'The same in what the task counts, such as tokens, where that is no example.',
    }),
    loss: z.number().optional().describe('The mean loss of this epoch so far.'),
    validation: figuresSchema.optional().describe('After the last epoch, on its own validation examples.'),
  })
  .meta({ title: 'Progress', description: 'How far the work of a participant is.' });

export type Progress = z.output<typeof progressSchema>;
