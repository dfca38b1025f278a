/**
 * The whole training step as one graph, and the evaluation that belongs to it.
 *
 *     (state [P], slot0 [P] …, images u8 [B,C,H,W], labels i32 [B], weights [B], learningRate, step, seed)
 *         → (state [P], slot0 [P] …, lossSum, correct)
 *
 * The loss that is differentiated is Σ wᵢ·lossᵢ / max(Σ wᵢ, 1), so that the empty places of a ragged batch (weight 0)
 * count for nothing. `lossSum` is Σ wᵢ·lossᵢ and `correct` the weighted number of right predictions, both before the update.
 * A correction adds inputs of its own (`corrections/correction.ts`).
 */

import { type Shape, sizeOf } from '../../tensor/shape.js';
import { layoutSize, type StateLayout } from '../../tensor/state-dict.js';
import { gradients } from '../autodiff/gradients.js';
import * as g from '../graph/build.js';
import { simplify, simplifyGraph } from '../graph/simplify.js';
import { type Graph, topologicalOrder, type Value } from '../graph/value.js';
import { convolutionOperandSize } from '../onnx/lower/convolution-algorithm.js';
import type { Correction, CorrectionInputs } from './corrections/correction.js';
import { lastLayerOf } from './layers/last-layer.js';
import { applyNetwork, type Network } from './layers/network.js';
import { clipByGlobalNorm, type Optimizer } from './optimizers.js';
import type { Loss } from './tasks/losses.js';

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
  /** What the largest array of one part of a batch may fill; 2.5 MiB by default, for a runtime with one thread. */
  readonly partBytes?: number | undefined;
  /** Gradients longer than this are shortened to it. */
  readonly clipNorm?: number | undefined;
  /** Changes the loss of an example, the gradient after it is clipped, or the state that the optimizer comes to. */
  readonly correction?: Correction | undefined;
}

interface Batch {
  readonly images: Value;
  readonly labels: Value;
  readonly weights: Value;
}

export function trainingStep(description: TrainingDescription): Graph {
  const { layout, optimizer, clipNorm, correction } = description;
  const size = layoutSize(layout);
  const state = g.input('state', [size]);
  const slots = Array.from({ length: optimizer.slotCount }, (_, index) => g.input(`slot${index}`, [size]));
  const learningRate = g.input('learningRate', []);
  const step = g.input('step', [], 'i32');
  const seed = g.input('seed', [], 'i32');
  const batch = batchInputs(description, description.batchSize);

  const totalWeight = g.maximum(g.reduceSum(batch.weights), 1);
  const told = correctionInputs(description);
  const parts = batchParts(description);
  const numbers = g.cast(g.constant(Array.from({ length: parts }, (_, part) => part)), 'i32');
  const whole = { state, totalWeight, seed, step };
  const reads = correction?.changes === 'loss' ? correction.reads : [];
  const read = Object.fromEntries(reads.map((name) => [name, told[name]]));
  const sums =
    parts === 1
      ? gradientAndScore(description, { ...batch, ...whole, keys: [seed, step], told })
      : g.sumOverParts(
          { sliced: { ...batch, number: numbers }, whole: { ...whole, ...read } },
          parts,
          (operands) => {
            const part = operands as Record<keyof (Batch & typeof whole) | 'number', Value>;
            const keys = [part.seed, part.step, g.reshape(part.number, [])];
            return simplify([
              gradientAndScore(description, { ...part, keys, told: { ...told, ...operands } }),
            ])[0] as Value;
          },
        );
  const slope = g.slice(sums, [0], [size]);
  const [lossSum, correct] = [0, 1].map((at) =>
    g.reshape(g.slice(sums, [size + at], [size + at + 1]), []),
  ) as [Value, Value];
  const clipped = clipNorm === undefined ? slope : clipByGlobalNorm(slope, clipNorm);
  const corrected = correction?.changes === 'gradient' ? correction.gradient(clipped, state, told) : clipped;
  const next = optimizer.update(state, corrected, slots, learningRate, step);
  const lastLayer = () => lastLayerOf(description.network, layout, description.imageShape, 'correction');
  const nextState =
    correction?.changes === 'state' ? correction.state(next.state, state, lastLayer(), told) : next.state;
  return simplifyGraph({
    outputs: {
      nextState,
      ...Object.fromEntries(next.slots.map((slot, index) => [`nextSlot${index}`, slot])),
      lossSum,
      correct,
    },
  });
}

interface PartOperands extends Batch {
  readonly state: Value;
  readonly totalWeight: Value;
  readonly keys: readonly Value[];
  readonly told: CorrectionInputs;
}

/** [P + 2]: the gradient of Σ wᵢ·lossᵢ / totalWeight over these images, Σ wᵢ·lossᵢ, and the number of right predictions. */
function gradientAndScore(
  { network, layout, loss, normalization, correction }: TrainingDescription,
  { state, totalWeight, keys, told, ...batch }: PartOperands,
): Value {
  const tensors = cutState(state, layout);
  const images = normalized(batch.images, normalization);
  const { labels } = batch;
  const logits = applyNetwork(network, layout, tensors, images, { keys });
  const globalLogits = () => applyNetwork(network, layout, cutState(told.globalState, layout), images);
  const losses =
    correction?.changes === 'loss'
      ? correction.loss(loss, { logits, labels, globalLogits }, told)
      : loss(logits, labels);
  const { lossSum, correct } = score(losses, logits, batch);
  // Simplified before it is differentiated: what is cheaper forward is cheaper backward.
  const [slopeOf, ...simple] = simplify([g.div(lossSum, totalWeight), lossSum, correct, ...tensors]) as [
    Value,
    ...Value[],
  ];
  const scores = simple.slice(0, 2).map((value) => g.reshape(value, [1]));
  return g.concat([...gradients(slopeOf, simple.slice(2)), ...scores], 0);
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
  const { lossSum, correct } = score(description.loss(logits, batch.labels), logits, batch);
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

/** Those that no correction reads are no part of the graph. */
function correctionInputs(description: TrainingDescription): CorrectionInputs {
  const size = layoutSize(description.layout);
  return {
    strength: g.input('strength', []),
    globalState: g.input('globalState', [size]),
    controlDrift: g.input('controlDrift', [size]),
    classCounts: g.input('classCounts', [logitsOfOne(description).shape[1] ?? 1]),
  };
}

/** The logits of one image, with parameters as inputs: what shapes there are. */
function logitsOfOne({ network, layout, imageShape }: StepDescription): Value {
  const tensors = layout.map(({ name, shape }) => g.input(name, shape));
  return applyNetwork(network, layout, tensors, g.input('images', [1, ...imageShape]));
}

/** What stays in a core's cache is read from there. */
const PART_BYTES = 2.5 * 2 ** 20;

/**
 * Into how many equal parts a batch falls. The gradient of a batch is the sum of those of its parts, so a step takes them
 * one after the other: as few as keep the largest array of one, an image's activation or what a convolution makes of it,
 * below `partBytes`. (No layer here looks across the batch.)
 */
function batchParts(description: TrainingDescription): number {
  const { batchSize, partBytes = PART_BYTES } = description;
  const images = topologicalOrder([logitsOfOne(description)]).filter(
    ({ shape }) => shape.length === 4 && shape[0] === 1,
  );
  const sizes = images.map((image) =>
    Math.max(sizeOf(image.shape), image.op === 'conv2d' ? convolutionOperandSize(image) : 0),
  );
  const largestBytes = 4 * Math.max(...sizes);
  let parts = 1;
  while (parts < batchSize && (batchSize % parts !== 0 || (batchSize / parts) * largestBytes > partBytes))
    parts++;
  return parts;
}

/** @param losses of every example [B] */
function score(losses: Value, logits: Value, { labels, weights }: Batch) {
  const right = g.equal(g.argMax(logits, 1), labels);
  return {
    lossSum: g.reduceSum(g.mul(losses, weights)),
    correct: g.reduceSum(g.mul(right, weights)),
  };
}

/** The tensors of a flat state vector, each still flat. */
export function cutState(state: Value, layout: StateLayout): Value[] {
  return layout.map(({ offset, size }) => g.slice(state, [offset], [offset + size]));
}
