/**
 * What a federation is told: data, network, local training, merging, rounds. One schema for the file, the flags and the
 * library; what passes it has every default filled in.
 */
import { z } from 'zod';
import { attackSchema } from '../../attack/settings.js';
import { type Complaint, complaintOf } from '../../base/complaint.js';
import { CommonweightError } from '../../base/error.js';
import { classNamesSchema } from '../../base/text.js';
import { LARGEST_SHIFT } from '../../data/batches/augmentation.js';
import { partitionSchema } from '../../data/partition/partition-schema.js';
import {
  correctionSchema,
  lossSchema,
  modelSchema,
  optimizerSchema,
  scheduleSchema,
} from '../../engine/nn/settings.js';
import { averageSchema } from '../../merge/average/settings.js';
import { refitSchema } from '../../merge/refit/settings.js';
import { serverSchema } from '../../merge/server/settings.js';
import { strategySchema } from '../../merge/strategies/settings.js';
import { contradictionOf } from './contradictions.js';

export class ConfigurationError extends CommonweightError {
  override readonly name = 'ConfigurationError';
}

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().min(1);

export const configurationSchema = z.strictObject({
  seed: z.int().min(0).max(0x7fffffff).default(0),
  /** "fashion-mnist", or a folder; across machines "none", where the coordinator has no images. */
  dataset: z.string().min(1).default('fashion-mnist'),
  /** [C,H,W] of everybody's images, and their classes, where the coordinator has none to look at. */
  imageShape: z.tuple([count, count, count]).optional(),
  classNames: classNamesSchema.min(2).optional(),
  /** So many of the training images are dealt out, drawn by the seed; all by default. */
  images: count.optional(),
  /** Pixels become (byte/255 − mean)/deviation; one number, or one a channel. Own data have their own (`own-normalization.ts`). */
  normalization: z
    .strictObject({ mean: z.array(z.number()).min(1), deviation: z.array(positive).min(1) })
    .default({ mean: [0], deviation: [1] }),
  partition: partitionSchema,
  model: modelSchema,
  /** Independent: every participant begins with weights of its own, as in the paper. */
  initialWeights: z.enum(['shared', 'independent']).default('shared'),
  /** The SHA-256 of the model to start from, where one is given. */
  initialModel: z.string().optional(),
  loss: lossSchema.default({ name: 'softmax-cross-entropy', labelSmoothing: 0 }),
  optimizer: optimizerSchema,
  /** The learning rate over the whole run: rounds × epochs, or the steps of all rounds. */
  schedule: scheduleSchema.default({ name: 'constant' }),
  clipNorm: positive.optional(),
  batchSize: count.max(4096).default(64),
  /** Of the training images: mirrored half of the time, shifted by up to so many pixels each way. */
  augmentation: z
    .strictObject({ flip: z.boolean().default(false), shift: z.int().min(0).max(LARGEST_SHIFT).default(0) })
    .optional(),
  /** The local work of a round: epochs, or steps. */
  local: z.strictObject({
    /** At most; at least one is done. */
    epochs: count.optional(),
    /** Exactly so many, or so many from a round on: the batches go on from round to round. */
    steps: z
      .union([
        count,
        z
          .array(z.strictObject({ from: count, steps: count }))
          .min(1)
          .max(1000),
      ])
      .optional(),
    /** Own validation accuracy at which local training ends. */
    threshold: fraction.optional(),
    /** The threshold of the first round, where that is another. */
    firstThreshold: fraction.optional(),
  }),
  /** What is done in local training against the drift of participants that see different data. */
  correction: correctionSchema.optional(),
  /** How many are drawn for each round; all by default. */
  participantsPerRound: count.optional(),
  /** Who they are; "environment-1", "environment-2", … by default. */
  participants: z
    .array(z.string().regex(/^[\w.-]{1,64}$/))
    .min(1)
    .optional(),
  /** Across machines: how many updates are enough at a round's deadline; all are waited for by default. */
  quorum: count.optional(),
  /** Across machines: how long a round waits for updates, and then for the accuracies of the copies, once a quorum is enough. */
  deadlineSeconds: positive.max(14 * 86_400).optional(),
  /**
   * Across machines: more examples than that, nobody is believed to have. They weigh in the mean, and nobody can check them;
   * ten million are more than a machine sees in a day of training.
   */
  mostExamples: count.default(10_000_000),
  rounds: count,
  /** Models are evaluated every so many rounds, and in the last; in every round by default. */
  evaluateEvery: count.optional(),
  /** The run ends when the merged model reaches this validation accuracy with every participant. */
  reference: fraction.optional(),
  /** The strategy whose model is copied back. */
  strategy: strategySchema.default('mean'),
  /** What strategies are applied to that do not say it: weights, as in the paper, or their changes since the copy. */
  mergeOn: z.enum(['weights', 'updates']).default('weights'),
  /** Put the hidden units of every update in the order that matches the first participant's, before any strategy. */
  align: z.boolean().default(false),
  /** The optimizer that takes what was merged for its gradient; without one the merged model is copied as it is. */
  server: serverSchema.optional(),
  /** An average of the rounds' models, beside them. */
  average: averageSchema.optional(),
  /** The last layer from sums over everybody's training examples. */
  refit: refitSchema.optional(),
  /** What some participants do to the others, to see which strategy bears it. */
  attack: attackSchema.optional(),
  /** Strategies that are only evaluated, on the same updates. */
  compare: z.array(strategySchema).max(1000).default([]),
  /** Of how many of its own training examples a participant computes the Fisher information, where a strategy wants it. */
  fisherExamples: count.default(1000),
  /** Train the same network on all the data beside it. */
  pooled: z.boolean().default(false),
  /** Record how many examples of each class every participant holds: it tells about their data. */
  shareLabelCounts: z.boolean().default(false),
  /** How many rounds' models stay in the run folder. */
  keep: count.default(3),
});

export type Configuration = z.output<typeof configurationSchema>;
/** What may be left out has a default. Nothing in it is changed. */
export type ConfigurationInput = DeepReadonly<z.input<typeof configurationSchema>>;

type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/**
 * @param source what to name in errors: a file, or "options"
 * @throws ConfigurationError that names the first field that is wrong, what was expected and what came.
 */
export function parseConfiguration(value: unknown, source: string): Configuration {
  const parsed = configurationSchema.safeParse(value);
  const complaint = parsed.success
    ? contradictionOf(parsed.data)
    : complaintOf(configurationSchema, value, parsed.error);
  if (parsed.success && complaint === undefined) return parsed.data;
  const { message, hint } = complaint as Complaint;
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}
