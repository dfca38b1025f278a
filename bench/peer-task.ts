/**
 * What a library is given to train: our network, our first weights, and the batches of our steps as
 * floats.
 */
import type { ImageDataset } from '../src/data/images/image-dataset.js';
import type { Value } from '../src/engine/graph/value.js';
import { initialState } from '../src/engine/nn/layers/network.js';
import type { Shape } from '../src/tensor/shape.js';
import { tensorView } from '../src/tensor/state-dict.js';
import { imageShapeOf, logitsOf, type NetworkName, parametersOfNetwork } from './networks.js';

export interface PeerTask {
  readonly batchSize: number;
  /** [C,H,W]. */
  readonly imageShape: Shape;
  /** [N,C,H,W] → [N,10], by the inputs "images" and the weights' names. */
  readonly logits: Value;
  readonly weights: readonly {
    readonly name: string;
    readonly shape: Shape;
    readonly data: Float32Array;
  }[];
  /** Of this step, counted from 0: [N,C,H,W] from 0 to 1, and N labels. */
  batch(step: number): { readonly images: Float32Array; readonly labels: Int32Array };
}

/** A training step, which gives the mean loss of its batch. */
export type PeerStep = () => Promise<number>;

export const CLASSES = 10;

/** Bytes become floats here, before any clock starts. */
export function peerTask(network: NetworkName, batchSize: number, dataset: ImageDataset): PeerTask {
  const { examples } = dataset;
  const pixels = dataset.images.length / examples;
  // A batch may begin anywhere in the set, and go on from its start.
  const place = (index: number) => index % examples;
  const images = Float32Array.from({ length: (examples + batchSize) * pixels }, (_, index) => {
    const [example, pixel] = [Math.floor(index / pixels), index % pixels];
    return (dataset.images[place(example) * pixels + pixel] as number) / 255;
  });
  const labels = Int32Array.from(
    { length: examples + batchSize },
    (_, index) => dataset.labels[place(index)] as number,
  );
  const state = initialState(parametersOfNetwork(network), 1);
  return {
    batchSize,
    imageShape: imageShapeOf(network),
    logits: logitsOf(network, batchSize),
    weights: state.layout.map(({ name, shape }) => ({ name, shape, data: tensorView(state, name) })),
    batch(step) {
      const first = place(step * batchSize);
      const end = first + batchSize;
      return { images: images.subarray(first * pixels, end * pixels), labels: labels.subarray(first, end) };
    },
  };
}
