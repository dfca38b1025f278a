/**
 * The status of a run, for `status` and the dashboard: which participants it waits for, and until
 * when.
 */
import { z } from 'zod';
import { participantNameSchema, participantsSchema, sentenceSchema } from '../base/text.js';
import { figuresSchema, metricSchema } from '../metrics/schemas.js';
import { progressSchema } from './announcement.js';
import { PROTOCOL_VERSION } from './version.js';

export const statusSchema = z
  .strictObject({
    protocol: z.literal(PROTOCOL_VERSION).describe('The version of this protocol.'),
    phase: sentenceSchema(40).describe(
      'What is going on: “surveying”, “training”, “merging”, “evaluating”, “refitting”; “finished” at the end.',
    ),
    round: z.int().positive().describe('The round under way, counted from 1.'),
    rounds: z.int().positive().describe('The most rounds that the run takes.'),
    quorum: z
      .int()
      .positive()
      .optional()
      .describe('How many updates are enough at the deadline; all are needed where it is missing.'),
    deadline: z.iso.datetime().optional().describe('When the round is closed without those who are not in.'),
    deadlinePassed: z
      .literal(true)
      .optional()
      .describe('The deadline has passed, and fewer than the quorum are in.'),
    waitingFor: participantsSchema.describe(
      'Whose work is not in; at the end, who has not fetched the final model.',
    ),
    received: participantsSchema.describe('Whose work is in.'),
    participants: z
      .array(
        z.strictObject({
          name: participantNameSchema.describe('The participant.'),
          presence: z
            .enum(['here', 'gone', 'not joined', 'left', 'dropped', 'unknown'])
            .describe('Whether it is connected; “unknown” where only the run’s folder is read.'),
          since: z.iso.datetime().optional().describe('Since when, where that is known.'),
          reason: sentenceSchema(2000).optional().describe('Why it left, in its words.'),
          examples: z.int().positive().optional().describe('The number of its training examples.'),
          progress: progressSchema.optional(),
        }),
      )
      .describe('Everybody, in the order of the description.'),
    metric: metricSchema.describe('The main metric of the task.'),
    unit: sentenceSchema(40)
      .optional()
      .describe('What the task counts, such as “token”, where it is not examples.'),
    test: figuresSchema
      .optional()
      .describe('Of the last merged model, where the coordinator has test examples.'),
    copied: z
      .record(participantNameSchema, figuresSchema)
      .describe('Of the last copy that was evaluated, with each participant.'),
    warnings: z
      .array(sentenceSchema(1000))
      .max(100)
      .optional()
      .describe('What an operator should look at, in sentences.'),
    rollbacks: z
      .int()
      .positive()
      .optional()
      .describe('How often an operator has gone back to an earlier round.'),
    reason: sentenceSchema(100).optional().describe('Why the run ended.'),
  })
  .meta({ title: 'Status', description: 'How the run stands.' });

export type Status = z.output<typeof statusSchema>;
