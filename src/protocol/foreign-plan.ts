/**
 * The file of a plan that travels, for a network that is the coordinator's own code, to
 * participants that accept its graphs:
 *
 *     the length of the header in bytes (a little-endian u64), the header (JSON), the models one after the other (ONNX)
 *
 * It has only the parts that do not follow from the description.
 */
import { z } from 'zod';
import { CommonweightError } from '../base/error.js';
import { nameSchema } from '../base/text.js';
import type { SumPlan } from '../engine/nn/sum-plan.js';
import { attachmentNameSchema, MOST_ATTACHMENTS } from './attachments.js';
import { blobSchema } from './blob-name.js';

export class ForeignPlanError extends CommonweightError {
  override readonly name = 'ForeignPlanError';
}

/**
 * A plan of our networks has some kilobytes and no weights. The constants of another network may
 * take more.
 */
export const MOST_PLAN_BYTES = 2 ** 26;

/** The file in the description. */
export const foreignPlanSchema = blobSchema.refine(
  ({ bytes }) => bytes <= MOST_PLAN_BYTES,
  `expected a plan of at most ${MOST_PLAN_BYTES} bytes`,
);

/** 64 MB of random numbers. */
const MOST_SIGNS = 2 ** 24;

const count = z.int().min(1);
export const planHeaderSchema = z
  .strictObject({
    format: z.literal('commonweight-plan'),
    version: z.literal(1),
    memoryBytes: z.number().positive().meta({
      unit: 'bytes',
      description: 'The memory that training takes at most, as the coordinator estimates it.',
    }),
    tensors: z
      .array(z.tuple([nameSchema, z.array(count.max(2 ** 31)).max(16)]))
      .min(1)
      .max(100_000)
      .describe('The table of tensors: [name, shape] of each tensor of the state, in their order.'),
    frozen: z
      .array(z.tuple([nameSchema, z.array(count.max(2 ** 31)).max(16)]))
      .max(100_000)
      .describe('The same of the tensors that no step changes.'),
    training: count.meta({ unit: 'bytes', description: 'The size of the training model.' }),
    evaluation: count.meta({ unit: 'bytes', description: 'The size of the evaluation model.' }),
    methods: z
      .array(
        z
          .strictObject({
            name: attachmentNameSchema.describe('The name of the method.'),
            bytes: count.meta({ unit: 'bytes', description: 'The size of the model.' }),
            batchSize: count.max(4096).describe('The number of examples in a batch of the model.'),
            signs: z
              .int()
              .min(0)
              .max(100_000)
              .describe('The number of random signs, ±1, that the model reads for each example.'),
          })
          .refine(
            ({ batchSize, signs }) => batchSize * signs <= MOST_SIGNS,
            `expected at most ${MOST_SIGNS} signs for a batch`,
          ),
      )
      .max(MOST_ATTACHMENTS)
      .refine((all) => new Set(all.map(({ name }) => name)).size === all.length, 'expected each name once')
      .optional()
      .describe(
        'The models of sums over examples that methods need, each by the name of its method. Left out where there are none.',
      ),
  })
  .meta({ title: 'Header of a plan', description: 'The JSON header of the file of a plan.' });

type Header = z.output<typeof planHeaderSchema>;

export interface ForeignPlan extends Pick<Header, 'memoryBytes' | 'tensors' | 'frozen'> {
  readonly trainingModel: Uint8Array;
  readonly evaluationModel: Uint8Array;
  /** By the names of the methods. */
  readonly methods: Readonly<Record<string, SumPlan>>;
}

export function encodeForeignPlan(plan: ForeignPlan): Uint8Array {
  const { memoryBytes, tensors, frozen, trainingModel, evaluationModel } = plan;
  const sums = Object.entries(plan.methods);
  const methods = sums.map(([name, { batchSize, signs, model }]) => {
    return { name, bytes: model.length, batchSize, signs };
  });
  const header: Header = {
    ...{ format: 'commonweight-plan', version: 1, memoryBytes, tensors, frozen },
    ...{ training: trainingModel.length, evaluation: evaluationModel.length },
    ...(methods.length > 0 && { methods }),
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const parts = [text, trainingModel, evaluationModel, ...sums.map(([, { model }]) => model)];
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 8));
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  let at = 8;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** @throws ForeignPlanError when the bytes are not exactly such a file */
export function decodeForeignPlan(bytes: Uint8Array): ForeignPlan {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.length < 8 ? undefined : view.getBigUint64(0, true);
  if (length === undefined || length > bytes.length - 8) throw bad('it ends within its header');
  const start = 8 + Number(length);
  const header = readHeader(bytes.subarray(8, start));
  const { training, evaluation, methods = [], memoryBytes, tensors, frozen } = header;
  const expected = methods.reduce((sum, one) => sum + one.bytes, start + training + evaluation);
  if (bytes.length !== expected) throw bad(`it has ${bytes.length} bytes, expected ${expected}`);
  let at = start;
  const next = (length: number) => {
    at += length;
    return bytes.slice(at - length, at);
  };
  return {
    ...{ memoryBytes, tensors, frozen },
    trainingModel: next(training),
    evaluationModel: next(evaluation),
    methods: Object.fromEntries(
      methods.map(({ name, bytes: size, ...sum }) => [name, { ...sum, model: next(size) }]),
    ),
  };
}

function readHeader(bytes: Uint8Array): Header {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw bad('its header is not JSON', cause);
  }
  const parsed = planHeaderSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path = [], message } = parsed.error.issues[0] ?? {};
  throw bad(`its header: ${path.length === 0 ? '' : `"${path.join('.')}": `}${message}`, parsed.error);
}

const bad = (problem: string, cause?: unknown) =>
  new ForeignPlanError(`the coordinator's plan cannot be read: ${problem}`, { cause });
