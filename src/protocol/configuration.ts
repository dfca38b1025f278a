/**
 * What a federation is told: data, network, local training, merging, rounds. One schema for the file, the flags and the
 * library; what passes it has every default filled in.
 */
import { z } from 'zod';
import { LARGEST_SHIFT } from '../data/augmentation.js';
import { CommonweightError } from '../tensor/error.js';
import { complaintOf } from './complaint.js';

export class ConfigurationError extends CommonweightError {
  override readonly name = 'ConfigurationError';
}

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().min(1);

const partitionSchema = z.strictObject({
  name: z.string(),
  participants: count.default(2),
  /** The part of every participant's examples that it validates on. */
  validation: z.number().min(0.001).max(0.9).default(0.1),
  alpha: positive.optional(),
  minimumExamples: count.optional(),
  shardsPerParticipant: count.optional(),
});

/** A network, by name. */
export const modelSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('paper-cnn'),
    kernel: z.union([z.literal(3), z.literal(5)]).default(3),
    dropout: z.number().min(0).max(0.95).default(0),
  }),
  z.strictObject({ name: z.literal('lenet5') }),
  z.strictObject({
    name: z.literal('mlp'),
    hidden: z.array(count).min(1).default([256, 128]),
    dropout: z.number().min(0).max(0.95).default(0),
  }),
  z.strictObject({ name: z.literal('resnet8') }),
  /** The network that the caller passes. */
  z.strictObject({ name: z.literal('custom') }),
]);

const lossSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('softmax-cross-entropy'),
    labelSmoothing: z.number().min(0).max(0.9).default(0),
  }),
  z.strictObject({ name: z.literal('mean-squared-error') }),
]);

const decay = z.number().min(0).default(0);
const beta = (value: number) => z.number().min(0).max(0.99999).default(value);
const adamSettings = {
  learningRate: positive.default(1e-3),
  beta1: beta(0.9),
  beta2: beta(0.999),
  epsilon: positive.default(1e-8),
};
const optimizerSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z.literal('sgd'),
    learningRate: positive,
    momentum: beta(0),
    nesterov: z.boolean().default(false),
    weightDecay: decay,
  }),
  z.strictObject({ name: z.literal('adam'), ...adamSettings, weightDecay: decay }),
  z.strictObject({ name: z.literal('adamw'), ...adamSettings, weightDecay: z.number().min(0).default(0.01) }),
]);

const warmUp = z.number().min(0).max(1);
const scheduleSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('constant') }),
  z.strictObject({ name: z.literal('linear-warm-up'), warmUp: warmUp.default(0.1) }),
  z.strictObject({ name: z.literal('cosine'), warmUp: warmUp.default(0), floor: fraction.default(0) }),
  z.strictObject({ name: z.literal('one-cycle'), warmUp: warmUp.default(0.3) }),
]);

export const configurationSchema = z.strictObject({
  seed: z.int().min(0).max(0x7fffffff).default(0),
  /** "fashion-mnist", or a folder. */
  dataset: z.string().min(1).default('fashion-mnist'),
  /** Pixels become (byte/255 − mean)/deviation; one number, or one a channel. */
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
  /** The learning rate over the whole run: rounds × epochs. */
  schedule: scheduleSchema.default({ name: 'constant' }),
  clipNorm: positive.optional(),
  batchSize: count.max(4096).default(64),
  /** Of the training images: mirrored half of the time, shifted by up to so many pixels each way. */
  augmentation: z
    .strictObject({ flip: z.boolean().default(false), shift: z.int().min(0).max(LARGEST_SHIFT).default(0) })
    .optional(),
  local: z.strictObject({
    /** At most; at least one is done. */
    epochs: count,
    /** Own validation accuracy at which local training ends. */
    threshold: fraction.optional(),
    /** The threshold of the first round, where that is another. */
    firstThreshold: fraction.optional(),
  }),
  rounds: count,
  /** The run ends when the merged model reaches this validation accuracy with every participant. */
  reference: fraction.optional(),
  /** The strategy whose model is copied back. */
  strategy: z.string().default('mean'),
  /** What strategies are applied to: weights, as in the paper, or their changes since the copy. */
  mergeOn: z.enum(['weights', 'updates']).default('weights'),
  /** Strategies that are only evaluated, on the same updates. */
  compare: z.array(z.string()).default([]),
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
  if (parsed.success) return parsed.data;
  const { message, hint } = complaintOf(configurationSchema, value, parsed.error);
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}
