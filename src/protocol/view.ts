/**
 * What an observer is shown of a run: a dashboard, while it goes on and afterwards. A view is a
 * state and no history of messages: what has changed is sent again, as a whole, so whoever comes
 * back after a lost connection has all of it. Nothing here is of a participant's data but what the
 * participant itself announces.
 */
import { z } from 'zod';
import {
  categoryNamesSchema,
  participantNameSchema,
  participantsSchema,
  sentenceSchema,
} from '../base/text.js';
import { columnsFactsSchema } from '../data/column-schema.js';
import { figuresSchema, metricsSchema } from '../metrics/schemas.js';
import { configurationSchema } from './configuration/configuration.js';
import { heartbeatMsSchema } from './heartbeat.js';
import { roundDetailsSchema } from './round-details.js';
import { statusSchema } from './status.js';

const count = z.int().nonnegative();
const label = z.int().min(0).max(255);

/** What does not change while the run goes on. */
export const overviewSchema = z.strictObject({
  configuration: configurationSchema,
  participants: participantsSchema.min(1),
  /** In a simulation: those of them that attack. */
  attackers: participantsSchema.optional(),
  /** The columns that the network reads; a recorded run may not tell them. */
  inputs: columnsFactsSchema.optional(),
  /** By which models are measured, the main one first. */
  metrics: metricsSchema,
  /**
   * In the order of their numbers; numbers where a recorded run does not tell their names. A task
   * without categories has none.
   */
  categories: categoryNamesSchema.min(1).optional(),
  /** Whether the coordinator measures on test examples of its own. */
  testExamples: z.boolean(),
  /** The coordinator's version of this package. */
  commonweight: sentenceSchema(100).optional(),
});

/** A round as `result.json` has it. */
export const roundResultSchema = z.strictObject({
  round: z.int().positive(),
  /** Wall time from the round's first training to its merged model. */
  seconds: z.number(),
  participants: z.array(
    z.strictObject({
      name: participantNameSchema,
      examples: z.int().positive(),
      /** Of local work, where it is counted in epochs; else its steps. */
      epochs: z.int().positive().optional(),
      steps: z.int().positive().optional(),
      validation: figuresSchema.optional(),
      test: figuresSchema.optional(),
    }),
  ),
  /**
   * By strategy, the copied one first; the average by its name; with its last layer refitted,
   * "refit".
   */
  merged: z.record(z.string(), z.strictObject({ test: figuresSchema })),
  copied: z.array(z.strictObject({ name: participantNameSchema, validation: figuresSchema })),
});

/**
 * A test picture of the coordinator's own that the participants' models got wrong and the merged
 * one right.
 */
export const testPictureSchema = z.strictObject({
  /** Among the test examples. */
  index: count,
  label,
  /** What each participant's model takes it for, in the order of `details.participants`. */
  own: z.array(label),
  merged: label,
  /** A PNG, in base64. */
  png: z.base64().max(100_000),
});

export const roundViewSchema = z.strictObject({
  result: roundResultSchema,
  /**
   * Once it is merged, where models are small enough to be measured; of the newest rounds, where it
   * is much.
   */
  details: roundDetailsSchema.optional(),
  /** Few, and of the newest round only. */
  pictures: z.array(testPictureSchema).max(24).optional(),
});

/** Examples of each category, [categories], of those participants that share them. */
export const labelCountsViewSchema = z.record(participantNameSchema, z.array(count));

/**
 * Of the coordinator since it was started, in bytes; of a recorded run, what travelled or would
 * have.
 */
export const trafficSchema = z.strictObject({ received: count, sent: count });

export const logEntrySchema = z.strictObject({
  /** Without a gap; a coordinator that is started again goes on with higher ones. */
  sequence: count,
  at: z.iso.datetime(),
  level: z.enum(['info', 'warn', 'error']),
  text: sentenceSchema(2000),
});

/** What goes to an observer over the hub's WebSocket. Each frame replaces what it tells about. */
export const observedFrameSchema = z.discriminatedUnion('type', [
  /** The first frame of a connection. */
  z.strictObject({
    type: z.literal('overview'),
    overview: overviewSchema,
    /** So often something comes, a ping at least. */
    heartbeatMs: heartbeatMsSchema,
  }),
  /** `traffic` is missing where nothing travelled by the hub. */
  z.strictObject({ type: z.literal('status'), status: statusSchema, traffic: trafficSchema.optional() }),
  /** Those that are new or have changed; by their number they replace those of before. */
  z.strictObject({ type: z.literal('rounds'), rounds: z.array(roundViewSchema) }),
  z.strictObject({ type: z.literal('labels'), counts: labelCountsViewSchema }),
  /** Only those that are new. */
  z.strictObject({ type: z.literal('log'), entries: z.array(logEntrySchema) }),
  z.strictObject({ type: z.literal('ping') }),
  /** The last frame of a connection: as for participants. */
  z.object({
    type: z.literal('refused'),
    reason: z.string().max(100),
    message: sentenceSchema(2000),
    hint: sentenceSchema(2000).optional(),
  }),
]);

/** What an observer says. */
export const observerFrameSchema = z.discriminatedUnion('type', [
  /**
   * The first frame: from where on it wants to hear. Afterwards everything that is new comes by
   * itself.
   */
  z.strictObject({
    type: z.literal('watch'),
    /** The number of the first round to be sent. */
    round: z.int().positive(),
    /** The sequence of the first log entry to be sent. */
    log: count,
  }),
  z.strictObject({ type: z.literal('pong') }),
]);

export type Overview = z.output<typeof overviewSchema>;
export type RoundView = z.output<typeof roundViewSchema>;
export type TestPicture = z.output<typeof testPictureSchema>;
export type LabelCountsView = z.output<typeof labelCountsViewSchema>;
export type Traffic = z.output<typeof trafficSchema>;
export type LogEntry = z.output<typeof logEntrySchema>;
export type ObservedFrame = z.output<typeof observedFrameSchema>;
export type ObserverFrame = z.output<typeof observerFrameSchema>;
