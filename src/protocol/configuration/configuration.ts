/**
 * The configuration of a federation: data, network, local training, merging, rounds. The file, the
 * flags and the library share one schema, which fills in every default.
 */
import { z } from 'zod';
import { attackSchema } from '../../attack/settings.js';
import { type Complaint, complaintOf } from '../../base/complaint.js';
import { CommonweightError } from '../../base/error.js';
import { participantsSchema } from '../../base/text.js';
import { pictureSettings } from '../../data/images/settings.js';
import { partitionSchema } from '../../data/partition/partition-schema.js';
import { completedByData, dataSchema } from '../../data/settings.js';
import { preprocessingSchema } from '../../data/survey/settings.js';
import {
  correctionSchema,
  loraSchema,
  lossSchema,
  type ModelInput,
  modelSchema,
  namedModel,
  optimizerSchema,
  scheduleSchema,
  taskSchema,
} from '../../engine/nn/settings.js';
import { averageSchema } from '../../merge/average/settings.js';
import { refitSchema } from '../../merge/refit/settings.js';
import { serverSchema } from '../../merge/server/settings.js';
import { strategySchema } from '../../merge/strategies/settings.js';
import { chosenMetricsSchema, decisionSchema, targetSchema } from '../../metrics/schemas.js';
import { codecSchema } from '../../transforms/codec/settings.js';
import { contradictionOf } from './contradictions.js';

export class ConfigurationError extends CommonweightError {
  override readonly name = 'ConfigurationError';
}

const positive = z.number().positive();
const count = z.int().min(1);
/** Settings travel in one frame; larger constants come with a model to start from. */
const MOST_CONSTANTS = 10_000;

export const configurationSchema = z
  .strictObject({
    seed: z.int().min(0).max(0x7fffffff).default(0).describe('The seed of everything that is drawn.'),
    dataset: z
      .string()
      .min(1)
      .default('fashion-mnist')
      .describe(
        '"fashion-mnist", a folder, or a file; across machines "none", where the coordinator has no data; "sites" where `data` has them.',
      ),
    data: dataSchema
      .optional()
      .describe('What the data are; pictures by default. A list of folders means pictures with these sites.'),
    examples: count
      .optional()
      .describe('How many of the training examples are dealt out, drawn by the seed; all by default.'),
    ...pictureSettings,
    partition: partitionSchema.describe('How the data are dealt out, and what is validated on.'),
    model: modelSchema.describe('The network.'),
    initialWeights: z
      .enum(['shared', 'independent'])
      .default('shared')
      .describe(
        'Whether every participant begins with the same weights, or with weights of its own as in the paper.',
      ),
    initialModel: z
      .string()
      .optional()
      .describe('The SHA-256 of the model to start from, where one is given.'),
    task: taskSchema.default({ name: 'classification' }).describe('What is learned.'),
    metrics: chosenMetricsSchema
      .optional()
      .describe(
        'What models are measured by, the main metric first, such as auroc. By default accuracy, for labels f1-macro, for masks iou, for a regression rmse, mae and r2; the loss is always measured.',
      ),
    decision: decisionSchema
      .optional()
      .describe(
        'How the probability is chosen from which on the second of two categories is predicted: on the validation examples of all participants, across machines of those that share their sums. One half by default.',
      ),
    loss: lossSchema
      .default({ name: 'softmax-cross-entropy', labelSmoothing: 0 })
      .describe('What training makes small, where the task is classification or segmentation.'),
    optimizer: optimizerSchema.describe('The optimizer of local training.'),
    schedule: scheduleSchema
      .default({ name: 'constant' })
      .describe('The learning rate over the whole run: rounds × epochs, or the steps of all rounds.'),
    clipNorm: positive
      .optional()
      .describe('The largest norm of a gradient; a larger one is scaled down to it.'),
    clipUpdate: positive
      .optional()
      .describe(
        'The largest norm of an update’s change of the weights. Its owner scales a larger one down to it, and the coordinator refuses it.',
      ),
    codec: codecSchema
      .default({ update: 'plain', model: 'plain' })
      .describe('In which form weights travel, to the coordinator and back.'),
    batchSize: count.max(4096).default(64).describe('The number of examples in a training step.'),
    train: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'The only weights that are trained, by patterns as those of `freeze`; all by default. The others stay as they are.',
      ),
    freeze: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'Weights that stay as they are, by patterns of their names, as "conv1.*"; a star stands for any characters. They are no part of updates.',
      ),
    lora: loraSchema
      .optional()
      .describe('Adapters of dense layers. Only they are trained, and what `train` names beside them.'),
    share: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(1000)
      .optional()
      .describe(
        'The tensors that travel and are merged, by patterns as those of `freeze`; all by default. The others stay with their owner from round to round.',
      ),
    constants: z
      .record(z.string().min(1).max(200), z.array(z.number()).min(1))
      .refine(
        (of) => Object.values(of).reduce((sum, { length }) => sum + length, 0) <= MOST_CONSTANTS,
        `expected at most ${MOST_CONSTANTS} numbers in all`,
      )
      .optional()
      .describe(
        'The values of tensors that are given before training, row-major, by their names, as "standardize.constants.mean"; 10,000 numbers in all at most. They are no part of the plan, nor of updates.',
      ),
    preprocessing: preprocessingSchema
      .optional()
      .describe(
        'How the numbers of a table are prepared, by statistics of all training rows. Each participant answers a survey of its own rows before round 1. Left out where `constants` or a model to start from have the values.',
      ),
    local: z
      .strictObject({
        epochs: count
          .optional()
          .describe(
            'The most passes over the data; at least one is made. One, where `steps` is missing too.',
          ),
        steps: z
          .union([
            count,
            z
              .array(
                z.strictObject({
                  from: count.describe('The first round with so many steps.'),
                  steps: count.describe('The steps of such a round.'),
                }),
              )
              .min(1)
              .max(1000),
          ])
          .optional()
          .describe(
            'Exactly so many steps, or so many from a round on. The batches go on from round to round.',
          ),
        threshold: targetSchema
          .optional()
          .describe(
            'What the own model has to reach on its validation data for local training to end, checked after each epoch.',
          ),
        firstThreshold: targetSchema.optional().describe('The threshold of round 1, where it differs.'),
      })
      .describe('The local work of a round, in epochs or in steps.'),
    correction: correctionSchema
      .optional()
      .describe('What local training does against the drift of participants that see different data.'),
    participantsPerRound: count
      .optional()
      .describe('How many participants are drawn for each round; all by default.'),
    participants: participantsSchema
      .min(1)
      .optional()
      .describe('The names of the participants; "environment-1", "environment-2", … by default.'),
    quorum: count
      .optional()
      .describe('Across machines: how many updates are enough at a round’s deadline; all by default.'),
    deadlineSeconds: positive
      .max(14 * 86_400)
      .optional()
      .meta({
        unit: 'seconds',
        description:
          'Across machines: how long a round waits for updates, and then for the accuracies of the copies, once a quorum is enough.',
      }),
    // The number is a weight in the mean, and nobody can check it. Ten million examples are more
    // than a machine can train on in a day.
    mostExamples: count
      .default(10_000_000)
      .describe('Across machines: the most examples that a participant is believed to have.'),
    rounds: count.describe('The most rounds.'),
    evaluateEvery: count
      .optional()
      .describe('Models are evaluated every so many rounds, and in the last; in every round by default.'),
    finalRound: z
      .enum(['last', 'best'])
      .optional()
      .describe(
        'Which round’s model is the final one: the last by default, or the one with the best main figure on the participants’ validation data.',
      ),
    reference: targetSchema
      .optional()
      .describe(
        'The run ends when the merged model reaches this on the validation data of every participant.',
      ),
    strategy: strategySchema.default('mean').describe('The strategy whose model is copied back.'),
    mergeOn: z
      .enum(['weights', 'updates'])
      .default('weights')
      .describe('Whether strategies merge weights, as in the paper, or their changes since the copy.'),
    align: z
      .boolean()
      .default(false)
      .describe(
        'Whether the hidden units of every update are put in the order of the first participant’s before they are merged.',
      ),
    server: serverSchema
      .optional()
      .describe('The optimizer that takes what was merged for its gradient; none by default.'),
    average: averageSchema.optional().describe('An average of the rounds’ models, beside them.'),
    refit: refitSchema.optional().describe('The last layer from sums over everybody’s training examples.'),
    attack: attackSchema
      .optional()
      .describe('In a simulation: what some participants do to the others, to see which strategy bears it.'),
    compare: z
      .array(strategySchema)
      .max(1000)
      .default([])
      .describe('Strategies that are only evaluated, on the same updates.'),
    fisherExamples: count
      .default(1000)
      .describe(
        'Of how many of its training examples a participant computes the Fisher information, where a strategy needs it.',
      ),
    pooled: z.boolean().default(false).describe('Train the same network on all the data beside it.'),
    shareLabelCounts: z
      .boolean()
      .default(false)
      .describe(
        'Record how many examples of each category every participant has: this tells about their data.',
      ),
    shareSums: z
      .boolean()
      .optional()
      .describe(
        'Record the sums behind each participant’s figures, and add them: this tells about their data. On one machine; across machines each owner decides.',
      ),
    bootstrap: count
      .max(10_000)
      .optional()
      .describe(
        'Of how many draws of the coordinator’s test examples the intervals of the merged model’s figures are made; there are none by default.',
      ),
    keep: count.default(3).describe('How many rounds’ models stay in the run folder.'),
  })
  .meta({
    title: 'Configuration',
    description:
      'What a federation is told. In a description every field that has a default is there, filled in.',
  });

export type Configuration = z.output<typeof configurationSchema>;
/** The configuration before defaults are filled in. It is never changed. */
export type ConfigurationInput = DeepReadonly<
  Omit<z.input<typeof configurationSchema>, 'data' | 'model'> & {
    model: ModelInput;
    data?: z.input<typeof dataSchema> | string[] | undefined;
  }
>;

type DeepReadonly<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/**
 * @param source the name in errors: a file, or "options"
 * @throws ConfigurationError that names the first wrong field, what was expected and what came
 */
export function parseConfiguration(given: unknown, source: string): Configuration {
  const value = withNamedModel(completedByData(given));
  const parsed = configurationSchema.safeParse(value);
  const complaint = parsed.success
    ? contradictionOf(parsed.data)
    : complaintOf(configurationSchema, value, parsed.error);
  if (parsed.success && complaint === undefined) return parsed.data;
  const { message, hint } = complaint as Complaint;
  throw new ConfigurationError(`${source}: ${message}`, hint === undefined ? {} : { hint });
}

function withNamedModel(value: unknown): unknown {
  const isGroup = typeof value === 'object' && value !== null && 'model' in value;
  return isGroup ? { ...value, model: namedModel(value.model) } : value;
}
