/** How a run stands, as `status` and the dashboard show it: who is waited for, and until when. */
import { z } from 'zod';
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
  waitingFor: z.array(z.string()),
  /** Whose work is in; while the coordinator merges, whose updates those are. */
  received: z.array(z.string()),
  participants: z.array(
    z.strictObject({
      name: z.string(),
      /** "unknown" where only the run's folder is looked at. */
      presence: z.enum(['here', 'gone', 'not joined', 'left', 'unknown']),
      /** Since when it is so, where that is known. */
      since: z.iso.datetime().optional(),
      reason: z.string().optional(),
      examples: z.int().positive().optional(),
      progress: progressSchema.optional(),
    }),
  ),
  /** Of the last merged model, where the coordinator has test images. */
  testAccuracy: accuracy.optional(),
  /** Of the last copy that was evaluated, with each participant. */
  copied: z.record(z.string(), accuracy),
  reason: z.string().optional(),
});

export type Status = z.output<typeof statusSchema>;
