/** The settings of a network and of its training: their schemas, by name. */
import { z } from 'zod';
import type { Complaint } from '../../base/complaint.js';
import { metricsSchema } from '../../metrics/schemas.js';

const fraction = z.number().min(0).max(1);
const positive = z.number().positive();
const count = z.int().min(1);

const dropout = z
  .number()
  .min(0)
  .max(0.95)
  .default(0)
  .describe('The probability with which a value is dropped in training.');

/** No default: the settings of earlier runs stay as they are. */
const embeddings = z
  .union([z.int().min(1).max(4096), z.literal('auto')])
  .optional()
  .describe(
    'The width of the trained vectors that stand for categories of a table, or "auto": 1.6·values^0.56, at most 600. One-hot vectors if left out.',
  );

const norm = z
  .enum(['batch', 'per-part', 'layer'])
  .describe(
    'Batch norm, across the examples of a batch or of each part that a batch is computed in, or layer norm, across the features of an example.',
  );

/** The bytes of a graph in base64. What carries settings across machines takes one MiB at most. */
export const MOST_GRAPH_BYTES = 512 * 2 ** 10;

const onnxSchema = z
  .strictObject({
    name: z.literal('onnx').describe('A network of another program, from an ONNX file.'),
    onnx: z.string().min(1).max(4096).describe('The ONNX file; its name alone, once it has been read.'),
    graph: z
      .base64()
      .max((MOST_GRAPH_BYTES / 3) * 4 + 4)
      .optional()
      .describe('The model of the file without the values of its weights. The coordinator reads it.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('The SHA-256 of the file. The coordinator computes it.'),
    head: z
      .strictObject({
        classes: count
          .max(1_000_000)
          .optional()
          .describe('The number of its scores: as many as the data have classes by default.'),
      })
      .optional()
      .describe('A new last layer in place of the file’s, with weights that the seed draws.'),
    norm: z
      .enum(['batch', 'frozen', 'per-part', 'group'])
      .default('batch')
      .describe(
        'Batch norm by the whole batch, by the running statistics of the file, by each part of the batch, or group norm in its place.',
      ),
    dropout: z.boolean().default(true).describe('Whether the file’s dropout is alive in training.'),
    output: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .describe('The output to train, by its name in the file; the first one of floats by default.'),
    extents: z
      .record(z.string().min(1).max(200), count)
      .optional()
      .describe('The extents that the file leaves open, by their names, but for the batch.'),
  })
  .describe(
    'The coordinator reads the file; participants are told its graph, and begin with its weights as with those of a model to start from.',
  );

/** A network, by name. */
export const modelSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('paper-cnn'),
      kernel: z
        .union([z.literal(3), z.literal(5)])
        .default(3)
        .describe('The width and height of the convolutions.'),
      dropout,
    }),
    z.strictObject({ name: z.literal('lenet5') }),
    z.strictObject({
      name: z.literal('mlp'),
      hidden: z.array(count).min(1).max(256).default([256, 128]).describe('The widths of the hidden layers.'),
      dropout,
      embeddings,
      norm: norm.optional(),
    }),
    z.strictObject({
      name: z
        .literal('logistic-regression')
        .describe('One dense layer with weights from 0, for classes or labels.'),
    }),
    z.strictObject({
      name: z.literal('linear-regression').describe('One dense layer with weights from 0, for numbers.'),
    }),
    z.strictObject({
      name: z.literal('tabular-resnet').describe('A residual network for tables, of Gorishniy et al. 2021.'),
      width: count.max(4096).default(128).describe('The width between the blocks.'),
      hidden: count.max(16_384).default(256).describe('The width within a block.'),
      blocks: count.max(64).default(2).describe('The number of residual blocks.'),
      dropout,
      embeddings,
      norm: norm.default('batch'),
    }),
    z.strictObject({
      name: z
        .literal('cnn1d')
        .describe('Three convolutions along time, for signals [channels, length] or [length].'),
    }),
    z.strictObject({ name: z.literal('resnet8') }),
    z.strictObject({
      name: z.literal('unet').describe('A small U-Net, for the class of each pixel of pictures.'),
    }),
    z.strictObject({
      name: z
        .literal('bag-of-embeddings')
        .describe('The mean of the vectors of a text’s tokens, and a dense layer.'),
      width: count.max(4096).default(64).describe('The numbers of the vector of each token.'),
      dropout,
    }),
    z
      .strictObject({
        name: z.literal('transformer').describe('A small transformer encoder, for texts.'),
        width: count.max(4096).default(64).describe('The numbers of the vector of each token.'),
        layers: count.max(48).default(2).describe('The number of encoder layers.'),
        heads: count.max(128).default(4).describe('The heads of each attention, which divide the width.'),
        feedForward: count
          .max(16_384)
          .optional()
          .describe('The width within an encoder layer; four times the width by default.'),
        dropout: dropout.default(0.1),
      })
      .refine(({ width, heads }) => width % heads === 0, {
        path: ['heads'],
        message: 'expected a number that divides "width"',
      }),
    onnxSchema,
    z
      .strictObject({ name: z.literal('custom') })
      .describe('The network that the program passes. Participants cannot compile it by themselves.'),
  ])
  .meta({ title: 'Network', description: 'A network, known by its `name`.' });

/** A file of ONNX needs no name beside: `{ onnx: FILE }` is `{ name: 'onnx', onnx: FILE }`. */
export const namedModel = (model: unknown): unknown =>
  typeof model === 'object' && model !== null && 'onnx' in model && !('name' in model)
    ? { name: 'onnx', ...model }
    : model;

/** A new last layer has as many scores as the task takes. */
export const headProblem = ({ head }: OnnxSettings, scores: number): Complaint | undefined =>
  head?.classes === undefined || head.classes === scores
    ? undefined
    : {
        message: `"model.head.classes" is ${head.classes}, but the task takes ${scores} scores`,
        hint: 'leave it out: there are as many as the data have classes',
      };

/** The scores of a new last layer, before it is known how many the task takes. */
export const headScores = ({ head }: OnnxSettings): number => head?.classes ?? 1;

/** The names of the networks of this package. */
export const networkNames = modelSchema.options
  .map(({ shape }) => shape.name.value)
  .filter((name) => name !== 'custom' && name !== 'onnx');

export const lossSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('softmax-cross-entropy'),
      labelSmoothing: z
        .number()
        .min(0)
        .max(0.9)
        .default(0)
        .describe('The part of the target that is spread over all classes.'),
      classWeights: z
        .union([z.array(positive).min(2).max(10_000), z.literal('balanced')])
        .optional()
        .describe(
          'By how much the loss of an example of each class is multiplied, in the order of the classes; by 1 by default. "balanced" makes them of the numbers of training examples of all participants, which a survey counts: n/(classes·n_c).',
        ),
    }),
    z
      .strictObject({ name: z.literal('mean-squared-error') })
      .describe('Also for a regression, which has it by default.'),
    z.strictObject({
      name: z.literal('huber').describe('For a regression: e²/2 up to |e| = δ, then δ·(|e| − δ/2).'),
      delta: positive.default(1).describe('δ, from which on an error e counts in proportion to its size.'),
    }),
    z.strictObject({
      name: z
        .literal('quantile')
        .describe('For a regression: the pinball loss, so that the network learns a quantile.'),
      quantile: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.5)
        .describe('The part of the targets that should lie below the prediction.'),
    }),
  ])
  .meta({ title: 'Loss', description: 'A loss, known by its `name`.' });

export const loraSchema = z
  .strictObject({
    rank: z.int().min(1).max(1024).describe('The number of rows of A and of columns of B.'),
    alpha: positive.optional().describe('The product B·A counts alpha/rank times; the rank by default.'),
    targets: z
      .array(z.string().min(1).max(200))
      .min(1)
      .max(1000)
      .describe('The matrices of dense layers that have an adapter, by patterns of their names.'),
  })
  .meta({
    title: 'LoRA',
    description:
      'Adapters in place of dense layers: W + (alpha/rank)·B·A, of which A and B are trained. All other weights stay as they are, but those that `train` names.',
  });

/** What the network learns. */
export const taskSchema = z.discriminatedUnion('name', [
  z.strictObject({
    name: z
      .literal('classification')
      .describe('Predicts one of the classes of the data; measured by accuracy.'),
  }),
  z.strictObject({
    name: z
      .literal('multi-label')
      .describe(
        'Predicts for each of several labels whether it applies; measured by the macro F1 of the labels.',
      ),
  }),
  z.strictObject({
    name: z
      .literal('segmentation')
      .describe('Predicts the class of each pixel of a picture; measured by the mean IoU of the classes.'),
  }),
  z.strictObject({
    name: z
      .literal('regression')
      .describe(
        'Predicts numbers, by default with the mean squared error as loss; measured by RMSE, MAE and R².',
      ),
    unit: z.string().min(1).max(20).optional().describe('The unit of the numbers, such as "km".'),
  }),
  z.strictObject({
    name: z.literal('custom').describe('The task that the caller passes.'),
    metrics: metricsSchema.describe('Its metrics, the main one first.'),
    unit: z
      .string()
      .min(1)
      .max(20)
      .optional()
      .describe('What its figures count, such as "token"; an example by default.'),
  }),
]);

const until = z
  .union([count, z.number().gt(0).lt(1)])
  .optional()
  .describe('The last round in which it is active, or a part of the run if below 1; to the end by default.');
export const correctionSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('fed-prox'),
      mu: z.number().min(0).default(0.01).describe('The strength of the pull to the copied model.'),
      until,
    }),
    z.strictObject({ name: z.literal('scaffold'), until }),
    z.strictObject({
      name: z.literal('fed-rs'),
      alpha: fraction.default(0.5).describe('The factor of the logits of classes without examples.'),
      until,
    }),
    z.strictObject({
      name: z.literal('fed-lc'),
      tau: z.number().min(0).default(1).describe('The strength of the calibration by class counts.'),
      until,
    }),
    z.strictObject({
      name: z.literal('fed-ntd'),
      beta: z.number().min(0).default(1).describe('The weight of the distillation.'),
      temperature: positive.default(1).describe('The temperature of the distillation.'),
      until,
    }),
    z.strictObject({ name: z.literal('fed-babu'), until }),
  ])
  .meta({ title: 'Correction', description: 'A correction of local training, known by its `name`.' });

const groups = z
  .array(
    z.strictObject({
      weights: z
        .array(z.string().min(1).max(200))
        .min(1)
        .max(1000)
        .describe('The weights of the group, by patterns of their names, as "fc.*" or "*.bias".'),
      learningRateFactor: positive
        .optional()
        .describe('What their learning rate is multiplied by; 1 by default.'),
      weightDecay: z.number().min(0).optional().describe('Their weight decay, in place of the optimizer’s.'),
    }),
  )
  .min(1)
  .max(100)
  .optional()
  .describe(
    'Weights with a learning rate or a decay of their own. Where a weight is in several groups, the last one that says something counts.',
  );
const decay = z.number().min(0).default(0).describe('The weight decay.');
const beta = (value: number) => z.number().min(0).max(0.99999).default(value);
const learningRate = positive.describe('The learning rate, before the schedule.');
const momentum = beta(0).describe('The momentum.');
const adamSettings = {
  learningRate: learningRate.default(1e-3),
  beta1: beta(0.9).describe('The decay of the mean of the gradient.'),
  beta2: beta(0.999).describe('The decay of the mean of the squared gradient.'),
  epsilon: positive.default(1e-8).describe('A small number that is added to the root in the denominator.'),
};
export const optimizerSchema = z
  .discriminatedUnion('name', [
    z.strictObject({
      name: z.literal('sgd'),
      learningRate,
      momentum,
      nesterov: z.boolean().default(false).describe('Nesterov’s momentum.'),
      weightDecay: decay,
      groups,
    }),
    z.strictObject({ name: z.literal('adam'), ...adamSettings, weightDecay: decay, groups }),
    z.strictObject({
      name: z.literal('adamw'),
      ...adamSettings,
      weightDecay: z.number().min(0).default(0.01).describe('The weight decay.'),
      groups,
    }),
  ])
  .meta({ title: 'Optimizer', description: 'An optimizer of local training, known by its `name`.' });

const warmUp = (value: number) =>
  fraction.default(value).describe('The part of the run over which the learning rate rises from 0.');
/** A schedule of a learning rate, over the steps or the rounds of a run. */
export const scheduleSchema = z
  .discriminatedUnion('name', [
    z.strictObject({ name: z.literal('constant') }),
    z.strictObject({ name: z.literal('linear-warm-up'), warmUp: warmUp(0.1) }),
    z.strictObject({
      name: z.literal('cosine'),
      warmUp: warmUp(0),
      floor: fraction.default(0).describe('The factor of the learning rate at the end.'),
    }),
    z.strictObject({ name: z.literal('one-cycle'), warmUp: warmUp(0.3) }),
  ])
  .meta({ title: 'Schedule', description: 'A schedule of a learning rate, known by its `name`.' });

/** A file of ONNX needs no name beside it. */
export type ModelInput = z.input<typeof modelSchema> | Omit<z.input<typeof onnxSchema>, 'name'>;
export type ModelSettings = z.output<typeof modelSchema>;
export type OnnxSettings = z.output<typeof onnxSchema>;
export type TaskSettings = z.output<typeof taskSchema>;
export type LossSettings = z.output<typeof lossSchema>;
export type CorrectionSettings = z.output<typeof correctionSchema>;
export type OptimizerSettings = z.output<typeof optimizerSchema>;
export type ScheduleSettings = z.output<typeof scheduleSchema>;
