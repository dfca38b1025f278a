/**
 * A small federation on real pictures, which Node runs natively and a page by itself: what comes of
 * it is the same, to rounding.
 */
import { type ImageDataset, imageDataset } from '../../src/data/images/image-dataset.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import type { Pictures } from './same-steps.js';

export const CLASSES = Array.from({ length: 10 }, (_, label) => String(label));
export const IMAGE_SHAPE = [1, 28, 28] as const;

export const smallFederation = {
  seed: 7,
  dataset: 'pictures',
  // The same on both sides: a run would take that of its own pixels.
  normalization: { mean: [0], deviation: [1] },
  partition: { name: 'v', participants: 2 },
  model: { name: 'lenet5' },
  optimizer: { name: 'sgd', learningRate: 0.1, momentum: 0.9 },
  batchSize: 32,
  local: { epochs: 2 },
  rounds: 2,
} as const satisfies ConfigurationInput;

export function datasetOf({ images, labels }: Pictures): ImageDataset {
  const [channels, height, width] = IMAGE_SHAPE;
  return imageDataset({ name: 'pictures', images, labels, channels, height, width, classNames: CLASSES });
}

export interface FederationFigures {
  /** Of the final model on pictures that nobody trained on. */
  readonly testAccuracy: number;
  /** [rounds, participants], of the merged model on the validation data of each. */
  readonly validationAccuracies: readonly (readonly number[])[];
  /** Of the final model. */
  readonly state: Float32Array;
}
