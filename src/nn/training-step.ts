/**
 * The whole training step as one graph, and the evaluation that belongs to it.
 *
 *     (state [P], slot0 [P] …, images u8 [B,C,H,W], labels i32 [B], weights [B], learningRate, step, seed)
 *         → (state [P], slot0 [P] …, lossSum, correct)
 *
 * The loss that is differentiated is Σ wᵢ·lossᵢ / max(Σ wᵢ, 1), so that the empty places of a ragged batch (weight 0)
 * count for nothing. `lossSum` is Σ wᵢ·lossᵢ and `correct` the weighted number of right predictions, both before the update.
 */
import { gradients } from '../autodiff/gradients.js';
import * as g from '../graph/build.js';
import { simplify, simplifyGraph } from '../graph/simplify.js';
import { type Graph, topologicalOrder, type Value } from '../graph/value.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import { layoutSize, type StateLayout } from '../tensor/state-dict.js';
import type { Loss } from './losses.js';
import { applyNetwork, type Network } from './network.js';
import { clipByGlobalNorm, type Optimizer } from './optimizers.js';

/** Pixels become (byte/255 − mean)/deviation, per channel. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

export interface StepDescription {
  readonly network: Network;
  readonly layout: StateLayout;
  /** [C,H,W]. */
  readonly imageShape: Shape;
  readonly normalization: Normalization;
  readonly loss: Loss;
}

export interface TrainingDescription extends StepDescription {
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  /** Gradients longer than this are shortened to it. */
  readonly clipNorm?: number | undefined;
}

interface Batch {
  readonly images: Value;
  readonly labels: Value;
  readonly weights: Value;
}

export function trainingStep(description: TrainingDescription): Graph {
  const { network, layout, optimizer, clipNorm } = description;
  const size = layoutSize(layout);
  const state = g.input('state', [size]);
  const slots = Array.from({ length: optimizer.slotCount }, (_, index) => g.input(`slot${index}`, [size]));
  const learningRate = g.input('learningRate', []);
  const step = g.input('step', [], 'i32');
  const seed = g.input('seed', [], 'i32');
  const batch = batchInputs(description, description.batchSize);

  const tensors = cutState(state, layout);
  const training = { seed, step, streams: { count: 0 } };
  const scores = microBatches(batch, microBatchSize(description)).map((part) => {
    const images = normalized(part.images, description.normalization);
    return score(description.loss, applyNetwork(network, layout, tensors, images, training), part);
  });
  const total = (values: readonly Value[]) => values.reduce((sum, value) => g.add(sum, value));
  const lossSum = total(scores.map((part) => part.lossSum));
  const correct = total(scores.map((part) => part.correct));
  const loss = g.div(lossSum, g.maximum(g.reduceSum(batch.weights), 1));
  // Simplified before it is differentiated: what is cheaper forward is cheaper backward.
  const forward = simplify([loss, lossSum, correct, ...tensors]);
  const [simpleLoss, simpleLossSum, simpleCorrect, ...simpleTensors] = forward as [
    Value,
    Value,
    Value,
    ...Value[],
  ];
  const slope = g.concat(gradients(simpleLoss, simpleTensors), 0);
  const clipped = clipNorm === undefined ? slope : clipByGlobalNorm(slope, clipNorm);
  const next = optimizer.update(state, clipped, slots, learningRate, step);
  return simplifyGraph({
    outputs: {
      nextState: next.state,
      ...Object.fromEntries(next.slots.map((slot, index) => [`nextSlot${index}`, slot])),
      lossSum: simpleLossSum,
      correct: simpleCorrect,
    },
  });
}

/** (state, images, labels, weights) → (lossSum, correct, predictions i32 [B]). */
export function evaluationStep(description: StepDescription, batchSize: number): Graph {
  const state = g.input('state', [layoutSize(description.layout)]);
  const batch = batchInputs(description, batchSize);
  const images = normalized(batch.images, description.normalization);
  const logits = applyNetwork(
    description.network,
    description.layout,
    cutState(state, description.layout),
    images,
  );
  const { lossSum, correct } = score(description.loss, logits, batch);
  return simplifyGraph({ outputs: { lossSum, correct, predictions: g.argMax(logits, 1) } });
}

function batchInputs({ imageShape }: StepDescription, batchSize: number): Batch {
  return {
    images: g.input('images', [batchSize, ...imageShape], 'u8'),
    labels: g.input('labels', [batchSize], 'i32'),
    weights: g.input('weights', [batchSize]),
  };
}

/** Bytes to floats: byte·(1/(255·deviation)) − mean/deviation. */
export function normalized(images: Value, { mean, deviation }: Normalization): Value {
  const channels = images.shape[1] ?? 1;
  const perChannel = (f: (m: number, d: number) => number) => {
    const values = Array.from({ length: channels }, (_, c) =>
      f(mean[c] ?? mean[0] ?? 0, deviation[c] ?? deviation[0] ?? 1),
    );
    return values.every((value) => value === values[0])
      ? g.scalar(values[0] ?? 0)
      : g.constant(values, [1, channels, 1, 1]);
  };
  const scaled = g.mul(
    g.cast(images, 'f32'),
    perChannel((_, d) => 1 / (255 * d)),
  );
  return g.sub(
    scaled,
    perChannel((m, d) => m / d),
  );
}

/** What one part of a batch may fill: activations that stay in a core's cache are read from there by the next operation. */
const MICRO_BATCH_BYTES = 2 * 2 ** 20;
/** Every part is written out in the plan, which shall stay small. */
const MAX_PARTS = 8;

/**
 * How many images go through the network together. The gradient of a batch is the sum of those of its parts, so a step may
 * take them one after the other: the largest halving of the batch whose largest activation fits. (No layer here looks
 * across the batch.)
 */
function microBatchSize({ network, layout, imageShape, batchSize }: TrainingDescription): number {
  const tensors = layout.map(({ name, shape }) => g.input(name, shape));
  const logits = applyNetwork(network, layout, tensors, g.input('images', [1, ...imageShape]));
  const activations = topologicalOrder([logits]).filter(({ shape }) => shape.length === 4 && shape[0] === 1);
  const largestBytes = 4 * Math.max(...activations.map(({ shape }) => sizeOf(shape)));
  let size = batchSize;
  while (size % 2 === 0 && size * largestBytes > MICRO_BATCH_BYTES && batchSize / size < MAX_PARTS) size /= 2;
  return size;
}

/** The batch in parts of this size, which divides it. */
function microBatches(batch: Batch, size: number): Batch[] {
  const total = batch.labels.shape[0] ?? 0;
  if (size === total) return [batch];
  const part = (value: Value, start: number) =>
    g.slice(
      value,
      value.shape.map((_, axis) => (axis === 0 ? start : 0)),
      value.shape.map((extent, axis) => (axis === 0 ? start + size : extent)),
    );
  return Array.from({ length: total / size }, (_, index) => ({
    images: part(batch.images, index * size),
    labels: part(batch.labels, index * size),
    weights: part(batch.weights, index * size),
  }));
}

function score(loss: Loss, logits: Value, { labels, weights }: Batch) {
  const right = g.equal(g.argMax(logits, 1), labels);
  return {
    lossSum: g.reduceSum(g.mul(loss(logits, labels), weights)),
    correct: g.reduceSum(g.mul(right, weights)),
  };
}

/** The tensors of a flat state vector, each still flat. */
function cutState(state: Value, layout: StateLayout): Value[] {
  return layout.map(({ offset, size }) => g.slice(state, [offset], [offset + size]));
}
