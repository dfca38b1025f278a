/** How a run stands, as `status` and the dashboard show it: who is waited for, and until when. */
import { z } from 'zod';
import { participantNameSchema, participantsSchema, sentenceSchema } from '../base/text.js';
import { progressSchema } from './announcement.js';
import { PROTOCOL_VERSION } from './version.js';

const accuracy = z.number().min(0).max(1);

export const statusSchema = z.strictObject({
  protocol: z.literal(PROTOCOL_VERSION),
  phase: z.enum(['training', 'merging', 'evaluating', 'finished']),
  round: z.int().positive(),
  rounds: z.int().positive(),
  /** How many are enough at the deadline; all are needed where it is missing. */
  quorum: z.int().positive().optional(),
  deadline: z.iso.datetime().optional(),
  /** It has passed, and fewer than the quorum are in. */
  deadlinePassed: z.literal(true).optional(),
  /** Whose work is not in; at the end, who has not fetched the final model. */
  waitingFor: participantsSchema,
  /** Whose work is in; while the coordinator merges, whose updates those are. */
  received: participantsSchema,
  participants: z.array(
    z.strictObject({
      name: participantNameSchema,
      /** "unknown" where only the run's folder is looked at. */
      presence: z.enum(['here', 'gone', 'not joined', 'left', 'dropped', 'unknown']),
      /** Since when it is so, where that is known. */
      since: z.iso.datetime().optional(),
      reason: sentenceSchema(2000).optional(),
      examples: z.int().positive().optional(),
      progress: progressSchema.optional(),
    }),
  ),
  /** Of the last merged model, where the coordinator has test images. */
  testAccuracy: accuracy.optional(),
  /** Of the last copy that was evaluated, with each participant. */
  copied: z.record(participantNameSchema, accuracy),
  /** What an operator should look at. */
  warnings: z.array(sentenceSchema(1000)).max(100).optional(),
  /** How often an operator has gone back to an earlier round. */
  rollbacks: z.int().positive().optional(),
  reason: sentenceSchema(100).optional(),
});

export type Status = z.output<typeof statusSchema>;
