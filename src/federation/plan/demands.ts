/**
 * Computes the memory that a federation needs on a machine. A participant's settings come from
 * others: a mistake or an attack must not take all its memory or unlimited time. And a run of your
 * own should not fail halfway. The need is computed before anything is allocated, and was compared
 * with measured peaks.
 */
import { correctionOf, optimizerOf } from '../../engine/nn/by-name.js';
import { evaluationBatchOf } from '../../engine/nn/evaluation-batch.js';
import { frozenLayoutOf, layoutOf, parametersOf } from '../../engine/nn/layers/network.js';
import { evaluationStep, trainingStep } from '../../engine/nn/training-step.js';
import { workingSetBytes } from '../../engine/nn/working-set.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { type ColumnSpec, describeColumn } from '../../tensor/column-spec.js';
import { sizeOf } from '../../tensor/shape.js';
import { layoutSize, type StateLayout } from '../../tensor/state-dict.js';
import { FederationError } from '../error.js';
import type { Learner } from './learner.js';

/** The most memory that the work may take, and what to do if more is needed. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly hint: string;
}

export const MOST_MEMORY_BYTES = 8e9;
export const MORE_MEMORY =
  'ask the operator of the coordinator whether that is intended; if so, give --max-memory';

/** The most that WebAssembly can address. */
export const TAB_MEMORY: MemoryLimit = {
  bytes: 2 ** 32,
  hint: 'a browser has no more for one page; take part from the command line, by "commonweight join"',
};

/** Node or a page with the engine, and each thread that computes. */
const PROCESS_BYTES = 160e6;
const THREAD_BYTES = 45e6;
/**
 * Vectors of the size of the state, including those that wait for the garbage collector; measured
 * in runs (`npm run bench -- demands`). A simulation holds the models of the round, merged and
 * compared; a participant holds base, update and its file.
 */
const VECTORS = {
  ...{ together: 7, eachTogether: 1.7, alone: 3.5, eachThread: 5, eachSlot: 3.4 },
  // What is frozen is one vector for all, its file, and the file of the whole model at the end.
  frozen: 4,
} as const;
/**
 * Bytes that the engine takes for one live byte. Its arena grows in powers of two and is not
 * returned, and the second run of a graph keeps its values in a block of its own. Measured; a
 * network of your own counts as the mean.
 */
export const TRAINING_FACTOR = 2.4;
const EVALUATION_FACTORS: Readonly<Record<Configuration['model']['name'], number>> = {
  mlp: 1.6,
  lenet5: 1.9,
  'paper-cnn': 2.9,
  resnet8: 6.6,
  unet: 3.5,
  // Not measured: those of dense layers as the perceptron.
  'logistic-regression': 1.6,
  'linear-regression': 1.6,
  'tabular-resnet': 1.6,
  cnn1d: 3.5,
  'bag-of-embeddings': 1.6,
  transformer: 3.5,
  // Not measured: as a network of your own.
  onnx: 3.5,
  custom: 3.5,
};
/**
 * Bytes that a GPU takes for one live byte, since buffers are used again for a like size only, and
 * what its driver and kernels take. Measured on one in software, whose memory is that of its
 * process.
 */
const GPU_FACTOR = 2.5;
const GPU_BYTES = 100e6;
/** Vectors in its memory: the state before and after a step, the gradient, and what is copied. */
const GPU_VECTORS = { state: 6, eachSlot: 2, frozen: 2 } as const;
/** Numbers in one example. */
const LARGEST_EXAMPLE = 2 ** 25;
/** Several states share one array, which holds at most 2³² bytes. */
const LARGEST_STATE_BYTES = 2 ** 31;
/**
 * If not all take part, participants are drawn anew for each round; this many draws take minutes.
 */
const MOST_DRAWS = 1e9;

/** What else needs memory besides the federation itself. */
export interface Surroundings {
  /** Threads that compute; 1 by default. */
  readonly threads?: number;
  /** The number of participants simulated on this machine; by default one takes part from here. */
  readonly simulated?: number | undefined;
  /** Bytes of the data. */
  readonly dataBytes?: number;
}

/** @throws FederationError that says what is too much, and how to allow it */
export function checkDemands(
  configuration: Configuration,
  learner: Learner,
  participants: number,
  limit: MemoryLimit,
  surroundings: Surroundings = {},
): void {
  const demanded = () => demandedBytes(configuration, learner, surroundings, limit.bytes);
  checkDemanded(configuration, demanded, learner.inputs, participants, limit);
}

/** @param demanded the bytes that its network needs; called only if all else is within limits */
export function checkDemanded(
  configuration: Configuration,
  demanded: () => number,
  inputs: readonly ColumnSpec[],
  participants: number,
  limit: MemoryLimit,
): void {
  const numbers = numbersOf(inputs);
  if (numbers > LARGEST_EXAMPLE) {
    throw new FederationError(
      `federation: an example is ${described(inputs)}, ${numbers} numbers, expected at most ${LARGEST_EXAMPLE}`,
    );
  }
  const draws = configuration.participantsPerRound === undefined ? 0 : participants * configuration.rounds;
  if (draws > MOST_DRAWS) {
    throw new FederationError(
      `federation: it draws from ${participants} participants in each of ${configuration.rounds} rounds, expected a thousandth of that`,
    );
  }
  const bytes = demanded();
  if (bytes <= limit.bytes) return;
  throw new FederationError(
    `federation: the network "${configuration.model.name}" on ${described(inputs)}, ${configuration.batchSize} examples in a batch, would need some ${gigabytes(bytes, 'ceil')} of memory here, expected at most ${gigabytes(limit.bytes)}`,
    { hint: limit.hint },
  );
}

/**
 * The most memory that the work takes, within a quarter of measured peaks (`demands.full.test.ts`).
 * @param enough beyond this, the number is exact only if the weights fit an array
 */
export function demandedBytes(
  configuration: Configuration,
  { network, inputs, task, train, freeze }: Learner,
  { threads = 1, simulated, dataBytes = 0 }: Surroundings = {},
  enough = Number.POSITIVE_INFINITY,
): number {
  const { model, optimizer, correction, batchSize } = configuration;
  const parameters = parametersOf(network, inputs, { train, freeze });
  const [layout, frozen] = [layoutOf(parameters), frozenLayoutOf(parameters)];
  const [vector, still] = [4 * layoutSize(layout), 4 * layoutSize(frozen)];
  const weights = Math.max(vector, still);
  if (weights > LARGEST_STATE_BYTES && weights <= enough) {
    throw new FederationError(
      `federation: the weights of "${model.name}" on ${described(inputs)} take ${gigabytes(weights)}, expected at most ${gigabytes(LARGEST_STATE_BYTES)}`,
      { hint: 'take smaller examples, or a network with fewer weights' },
    );
  }
  const common =
    simulated === undefined ? VECTORS.alone : VECTORS.together + VECTORS.eachTogether * simulated;
  const corrected = correctionOf(correction);
  const own = VECTORS.eachThread + VECTORS.eachSlot * optimizerOf(optimizer).slotCount;
  const each = own + 2 * (corrected?.reads.length ?? 0);
  const batches = 2 * batchSize * numbersOf(inputs);
  const fixed =
    PROCESS_BYTES +
    dataBytes +
    common * vector +
    VECTORS.frozen * still +
    threads * (THREAD_BYTES + each * vector + batches);
  // If its weights alone are too many, the graph may be endless, too.
  if (!(fixed <= enough || weights <= LARGEST_STATE_BYTES)) return fixed;
  const { training, evaluation } = workingSets(configuration, { network, inputs, task }, { layout, frozen });
  return fixed + threads * (TRAINING_FACTOR * training + EVALUATION_FACTORS[model.name] * evaluation);
}

/**
 * The most memory of a GPU that one participant's work takes, its batch in one part. A part of the
 * batch is the only thing that can be smaller.
 */
export function demandedOnGpu(
  configuration: Configuration,
  { network, inputs, task, train, freeze }: Learner,
): number {
  const parameters = parametersOf(network, inputs, { train, freeze });
  const [layout, frozen] = [layoutOf(parameters), frozenLayoutOf(parameters)];
  const layouts = { layout, frozen, partBytes: Number.POSITIVE_INFINITY };
  const { training, evaluation } = workingSets(configuration, { network, inputs, task }, layouts);
  const { slotCount } = optimizerOf(configuration.optimizer);
  const vectors = GPU_VECTORS.state + GPU_VECTORS.eachSlot * slotCount;
  const weights = vectors * 4 * layoutSize(layout) + GPU_VECTORS.frozen * 4 * layoutSize(frozen);
  return GPU_BYTES + weights + GPU_FACTOR * (training + evaluation);
}

/** The bytes that are alive at once in a training step, and in an evaluation step. */
function workingSets(
  { optimizer, correction, batchSize, clipNorm }: Configuration,
  learner: Pick<Learner, 'network' | 'inputs' | 'task'>,
  layouts: { readonly layout: StateLayout; readonly frozen: StateLayout; readonly partBytes?: number },
) {
  const description = {
    ...{ ...learner, ...layouts, batchSize, clipNorm },
    ...{ optimizer: optimizerOf(optimizer), correction: correctionOf(correction) },
  };
  return {
    training: workingSetBytes(trainingStep(description)),
    evaluation: workingSetBytes(evaluationStep(description, evaluationBatchOf(description))),
  };
}

/**
 * What a participant needs at least for a network with this many weights, whatever its activations
 * are.
 */
export function leastBytes(
  { optimizer, batchSize }: Configuration,
  size: number,
  inputs: readonly ColumnSpec[],
): number {
  const vectors = VECTORS.alone + VECTORS.eachThread + VECTORS.eachSlot * optimizerOf(optimizer).slotCount;
  return PROCESS_BYTES + THREAD_BYTES + 4 * vectors * size + 2 * batchSize * numbersOf(inputs);
}

const numbersOf = (inputs: readonly ColumnSpec[]) =>
  inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
const described = (inputs: readonly ColumnSpec[]) => inputs.map(describeColumn).join(' and ');
/** Three digits: "0.128 GB", "41,300 GB". */
export const gigabytes = (bytes: number, roundingMode: 'halfExpand' | 'ceil' = 'halfExpand') =>
  `${(bytes / 1e9).toLocaleString('en', { minimumSignificantDigits: 3, maximumSignificantDigits: 3, roundingMode } as Intl.NumberFormatOptions)} GB`;
