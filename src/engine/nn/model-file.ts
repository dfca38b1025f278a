/**
 * A model as a file: the weights as safetensors. The metadata say what a reader needs to use them:
 * the network, its inputs and its targets.
 */
import { z } from 'zod';
import { CommonweightError } from '../../base/error.js';
import { columnsFactsSchema } from '../../data/column-schema.js';
import { pictureFits } from '../../data/images/picture-size.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import type { SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { modelSchema } from './settings.js';

export class ModelFileError extends CommonweightError {
  override readonly name = 'ModelFileError';
}

const descriptionSchema = z.object({
  network: modelSchema,
  /** The columns of its inputs and targets. */
  inputs: columnsFactsSchema,
  targets: columnsFactsSchema,
  /** How the bytes of pictures are normalized, if an input is pictures. */
  normalization: z.object({ mean: z.array(z.number()), deviation: z.array(z.number()) }).optional(),
  /** How pictures of another shape come to that of the input, if they are not stretched. */
  imageFit: z.enum(pictureFits).optional(),
  /** The probability of the second of two categories by which it is predicted. */
  cutOff: z.number().min(0).max(1).optional(),
  /** The name of the data set it was trained on. */
  dataset: z.string(),
  /**
   * The patterns of its tensors, where participants keep the others: such a file is a part of a
   * model.
   */
  share: z.array(z.string()).optional(),
  /** Set where each site prepares numbers by its own statistics: such a file lacks them. */
  statistics: z.literal('site').optional(),
});

export type ModelDescription = z.output<typeof descriptionSchema>;

export interface ModelFile {
  readonly state: StateDict;
  /** Undefined if the file has none, as when another program wrote it. */
  readonly description: ModelDescription | undefined;
}

/** The bytes of the file. The same model gives the same bytes. */
export function encodeModel(state: StateDict, description: ModelDescription): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(state, modelMetadata(description));
}

/** The metadata of a model's file. */
export function modelMetadata(description: ModelDescription): SafetensorsMetadata {
  // Metadata values are strings. Other readers of safetensors look for "format": names and layouts
  // are PyTorch's.
  const texts = Object.entries(description).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, JSON.stringify(value)]],
  );
  return { ...Object.fromEntries(texts), format: 'pt' };
}

/**
 * @param fileName the name of the file in errors
 * @throws TensorError when it is not a safetensors file of floating-point numbers.
 * @throws ModelFileError when its description of the network is invalid.
 */
export function decodeModel(bytes: Uint8Array, fileName: string): ModelFile {
  const { state, metadata } = decodeSafetensors(bytes, fileName);
  return { state, description: describedBy(metadata, fileName) };
}

/**
 * What the metadata of a file say of its model; undefined if another program wrote it.
 * @throws ModelFileError when the description is invalid.
 */
export function describedBy(metadata: SafetensorsMetadata, fileName: string): ModelDescription | undefined {
  if (metadata.network === undefined) return undefined;
  const fields = Object.keys(descriptionSchema.shape);
  const values = Object.fromEntries(fields.map((field) => [field, parsed(metadata[field])]));
  const result = descriptionSchema.safeParse(values);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') ?? 'network';
  throw new ModelFileError(`${fileName}: its metadata "${field}" cannot be read: ${issue?.message}`, {
    hint: 'name the network yourself, with --network',
  });
}

/**
 * @throws ModelFileError that names the first tensor with a NaN or an infinity, since nothing could
 * be computed from it.
 */
export function requireFinite({ layout, data }: StateDict, fileName: string): void {
  const place = data.findIndex((value) => !Number.isFinite(value));
  if (place === -1) return;
  const entry = layout.find(({ offset, size }) => place < offset + size);
  throw new ModelFileError(`${fileName}: "${entry?.name}" holds ${data[place]}, expected finite numbers`, {
    hint: 'take another model, or train it again with a smaller learning rate',
  });
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return text;
  }
}
