/**
 * Computes what a federation would demand of a machine. A participant's settings come from somebody
 * else, and a mistake or malice in them must not take all the memory, or an eternity; and a run of
 * one's own should not end in the middle. The demand is computed before anything is allocated, and
 * has been compared with measured peaks.
 */
import { correctionOf, optimizerOf } from '../../engine/nn/by-name.js';
import { layoutOf, parametersOf } from '../../engine/nn/layers/network.js';
import { EVALUATION_BATCH } from '../../engine/nn/plan.js';
import { evaluationStep, trainingStep } from '../../engine/nn/training-step.js';
import { workingSetBytes } from '../../engine/nn/working-set.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import { type ColumnSpec, describeColumn } from '../../tensor/column-spec.js';
import { sizeOf } from '../../tensor/shape.js';
import { layoutSize } from '../../tensor/state-dict.js';
import { FederationError } from '../error.js';
import type { Learner } from './learner.js';

/** How much memory the work may take, and what to do if more is meant. */
export interface MemoryLimit {
  readonly bytes: number;
  readonly hint: string;
}

export const MOST_MEMORY_BYTES = 8e9;
export const MORE_MEMORY =
  'ask the operator of the coordinator whether that is intended; if so, give --max-memory';

/** WebAssembly addresses no more. */
export const TAB_MEMORY: MemoryLimit = {
  bytes: 2 ** 32,
  hint: 'a browser has no more for one page; take part from the command line, by "commonweight join"',
};

/** Node or a page with the engine, and each thread that computes. */
const PROCESS_BYTES = 125e6;
const THREAD_BYTES = 45e6;
/**
 * Vectors of the size of the state. What waits for the garbage collector counts, too: all of it was
 * measured in runs (`npm run bench -- demands`). Where everybody is simulated, the models of the
 * round are there, merged and compared; elsewhere base, update and its file.
 */
const VECTORS = { together: 7, eachTogether: 1.7, alone: 3.5, eachThread: 7.5, eachSlot: 4.4 } as const;
/**
 * What the engine takes for a byte that is alive at a time. Its arena grows in powers of two and is
 * not given back, and the second run of a graph has its values in a block of its own. Measured,
 * too; a network of one's own is taken for the mean.
 */
const TRAINING_FACTOR = 2.4;
const EVALUATION_FACTORS: Readonly<Record<Configuration['model']['name'], number>> = {
  mlp: 1.6,
  lenet5: 1.9,
  'paper-cnn': 2.9,
  resnet8: 6.6,
  custom: 3.5,
};
/** Numbers of one example. */
const LARGEST_EXAMPLE = 2 ** 25;
/** Several of them lie in one array, which holds 2³² bytes. */
const LARGEST_STATE_BYTES = 2 ** 31;
/** Everybody is drawn anew for every round, where not all take part: some minutes of it. */
const MOST_DRAWS = 1e9;

/** What is there besides the federation itself. */
export interface Surroundings {
  /** Threads that compute; 1 by default. */
  readonly threads?: number;
  /** So many are simulated on this machine; one takes part from here by default. */
  readonly simulated?: number | undefined;
  /** Of the data. */
  readonly dataBytes?: number;
}

/** @throws FederationError that says what is too much, and what to do if it is meant to be */
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

/**
 * @param demanded the bytes that its network takes: asked for once all the rest is within reason
 */
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
    `federation: the network "${configuration.model.name}" on ${described(inputs)}, ${configuration.batchSize} examples in a batch, would need some ${gigabytes(bytes)} of memory here, expected at most ${gigabytes(limit.bytes)}`,
    { hint: limit.hint },
  );
}

/**
 * The most that the work takes, measured peaks within a quarter (`demands.full.test.ts`).
 * @param enough beyond this it is not reckoned any further
 */
export function demandedBytes(
  configuration: Configuration,
  { network, inputs, task }: Learner,
  { threads = 1, simulated, dataBytes = 0 }: Surroundings = {},
  enough = Number.POSITIVE_INFINITY,
): number {
  const { model, optimizer, correction, batchSize } = configuration;
  const layout = layoutOf(parametersOf(network, inputs));
  const vector = 4 * layoutSize(layout);
  if (vector > LARGEST_STATE_BYTES && vector <= enough) {
    throw new FederationError(
      `federation: the weights of "${model.name}" on ${described(inputs)} take ${gigabytes(vector)}, expected at most ${gigabytes(LARGEST_STATE_BYTES)}`,
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
    PROCESS_BYTES + dataBytes + common * vector + threads * (THREAD_BYTES + each * vector + batches);
  // Whose weights alone are too many has a graph without end, perhaps.
  if (!(fixed <= enough)) return fixed;
  const description = {
    ...{ network, layout, inputs, task, batchSize, clipNorm: configuration.clipNorm },
    ...{ optimizer: optimizerOf(optimizer), correction: corrected },
  };
  const training = workingSetBytes(trainingStep(description));
  const evaluation = workingSetBytes(evaluationStep(description, EVALUATION_BATCH));
  return fixed + threads * (TRAINING_FACTOR * training + EVALUATION_FACTORS[model.name] * evaluation);
}

/**
 * What a participant needs at least for a network of so many weights, whatever its values within
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
const gigabytes = (bytes: number) => `${(bytes / 1e9).toPrecision(3)} GB`;
