/**
 * The view of a run for observers, such as the dashboard. A view is a state and not a history of
 * messages: a part that has changed is sent again as a whole, so an observer that reconnects has
 * everything. It contains nothing of a participant's data except what the participant itself
 * announces.
 */
import { z } from 'zod';
import {
  categoryNamesSchema,
  participantNameSchema,
  participantsSchema,
  sentenceSchema,
} from '../base/text.js';
import { columnsFactsSchema } from '../data/column-schema.js';
import { figuresSchema, figuresTogetherSchema, metricsSchema } from '../metrics/schemas.js';
import { configurationSchema } from './configuration/configuration.js';
import { heartbeatMsSchema } from './heartbeat.js';
import { roundDetailsSchema } from './round-details.js';
import { statusSchema } from './status.js';
import { surveyViewSchema } from './survey-view.js';

const count = z.int().nonnegative();
const label = z.int().min(0).max(255);

/** The parts that do not change during a run. */
export const overviewSchema = z.strictObject({
  configuration: configurationSchema,
  participants: participantsSchema.min(1),
  /** The participants that attack, in a simulation. */
  attackers: participantsSchema.optional(),
  /** The columns that the network reads; a recorded run may not tell them. */
  inputs: columnsFactsSchema.optional(),
  /** The metrics by which models are measured, the main one first. */
  metrics: metricsSchema,
  /**
   * The names of the categories, in the order of their numbers. If a recorded run does not have
   * them, the names are numbers. Undefined for a task without categories.
   */
  categories: categoryNamesSchema.min(1).optional(),
  /** Whether the coordinator measures on test examples of its own. */
  testExamples: z.boolean(),
  /** The coordinator's version of this package. */
  commonweight: sentenceSchema(100).optional(),
});

/** A round in the form of `result.json`. */
export const roundResultSchema = z.strictObject({
  round: z.int().positive(),
  /** Wall time from the round's first training to its merged model. */
  seconds: z.number(),
  participants: z.array(
    z.strictObject({
      name: participantNameSchema,
      examples: z.int().positive(),
      /** The epochs of local work, if it is counted in epochs; otherwise `steps` is set. */
      epochs: z.int().positive().optional(),
      steps: z.int().positive().optional(),
      validation: figuresSchema.optional(),
      test: figuresSchema.optional(),
    }),
  ),
  /**
   * The figures by strategy, the copied one first; then the average by its name, and the refitted
   * model as "refit".
   */
  merged: z.record(z.string(), z.strictObject({ test: figuresSchema })),
  copied: z.array(z.strictObject({ name: participantNameSchema, validation: figuresSchema })),
  /**
   * The figures of the copy on the validation examples of all participants that share their sums,
   * together, by metric, each with the number of participants that share what it needs.
   */
  together: figuresTogetherSchema.optional(),
});

/**
 * A test picture of the coordinator's own that the participants' models got wrong and the merged
 * one right.
 */
export const testPictureSchema = z.strictObject({
  /** The place among the test examples. */
  index: count,
  label,
  /**
   * The category that each participant's model predicts, in the order of `details.participants`.
   */
  own: z.array(label),
  merged: label,
  /** A PNG, in base64. */
  png: z.base64().max(100_000),
});

export const roundViewSchema = z.strictObject({
  result: roundResultSchema,
  /**
   * Set once the round is merged, if models are small enough to be measured. If there are many,
   * only the newest rounds have it.
   */
  details: roundDetailsSchema.optional(),
  /** A few pictures, only in the newest round. */
  pictures: z.array(testPictureSchema).max(24).optional(),
});

/** The number of examples of each category, [categories], for the participants that share it. */
export const labelCountsViewSchema = z.record(participantNameSchema, z.array(count));

/**
 * The bytes since the coordinator was started; for a recorded run, those of all updates and copies.
 */
export const trafficSchema = z.strictObject({ received: count, sent: count });

export const logEntrySchema = z.strictObject({
  /** Consecutive numbers; a restarted coordinator continues with higher ones. */
  sequence: count,
  at: z.iso.datetime(),
  level: z.enum(['info', 'warn', 'error']),
  text: sentenceSchema(2000),
});

/** The frames to an observer over the hub's WebSocket. Each replaces the part that it describes. */
export const observedFrameSchema = z.discriminatedUnion('type', [
  /** The first frame of a connection. */
  z.strictObject({
    type: z.literal('overview'),
    overview: overviewSchema,
    /** The interval in which something is sent, at least a ping. */
    heartbeatMs: heartbeatMsSchema,
  }),
  /** `traffic` is missing if nothing travels by the hub. */
  z.strictObject({ type: z.literal('status'), status: statusSchema, traffic: trafficSchema.optional() }),
  /** The rounds that are new or have changed. They replace earlier ones with the same number. */
  z.strictObject({ type: z.literal('rounds'), rounds: z.array(roundViewSchema) }),
  z.strictObject({ type: z.literal('labels'), counts: labelCountsViewSchema }),
  /** Where the sites of a survey differ. It is missing after the run has gone back before it. */
  z.strictObject({ type: z.literal('survey'), survey: surveyViewSchema.optional() }),
  /** Only new entries. */
  z.strictObject({ type: z.literal('log'), entries: z.array(logEntrySchema) }),
  z.strictObject({ type: z.literal('ping') }),
  /** The last frame of a connection, the same as for participants. */
  z.object({
    type: z.literal('refused'),
    reason: z.string().max(100),
    message: sentenceSchema(2000),
    hint: sentenceSchema(2000).optional(),
  }),
]);

/** The frames of an observer. */
export const observerFrameSchema = z.discriminatedUnion('type', [
  /** The first frame: the place to start from. Afterwards, news come by themselves. */
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
