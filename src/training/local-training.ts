/**
 * A participant's local training in one round, on its own data, from a given state. It lasts until
 * the model reaches the threshold on the validation data or the epochs run out, or for a number of
 * steps. The result is a function of the state, the data and the seed alone: it does not depend on
 * the thread or the time.
 */

import { randomStream } from '../base/random.js';
import type { Batch } from '../data/batches/batches.js';
import { type BatchSource, type BatchTask, batchesHere } from '../data/batches/training-batches.js';
import type { Dataset } from '../data/dataset.js';
import type { Augmentation } from '../data/images/augmentation.js';
import { weightsIn } from '../engine/nn/layers/network.js';
import type { Plan } from '../engine/nn/plan.js';
import type { Session, Tensors } from '../engine/runtime/runtime.js';
import { figuresOf } from '../metrics/classification.js';
import type { Figures } from '../metrics/metric.js';
import { meanLoss } from '../metrics/metrics.js';
import { reached, type Target } from '../metrics/target.js';
import { requireArray } from '../tensor/arrays.js';
import { layoutSize } from '../tensor/state-dict.js';
import { f32Tensor, i32Tensor } from '../tensor/tensor.js';
import { batchFeeds } from './batch-feeds.js';
import { type CorrectedWork, correctionFeeds } from './correction-feeds.js';
import { DivergedError } from './error.js';
import { evaluateState } from './evaluate.js';
import type { KeepGoing } from './keep-going.js';

export interface LocalWork extends CorrectedWork {
  readonly participant: string;
  readonly round: number;
  readonly seed: number;
  /** The most epochs; at least one is done. */
  readonly epochs: number;
  /** Stops after this many steps, even in the middle of an epoch. */
  readonly maxSteps?: number | undefined;
  /**
   * The steps that the participant did in earlier rounds. Its batches continue where those ended.
   * The work is then `maxSteps` steps, with validation at the end.
   */
  readonly stepsBefore?: number | undefined;
  /**
   * The figure at which training stops: the own model on the validation data, checked after every
   * epoch.
   */
  readonly threshold?: Target | undefined;
  /** The learning rate of each step, from 0. The last one is used beyond the end. */
  readonly learningRates: Float32Array;
  /** The augmentation of the training examples; none by default. */
  readonly augmentation?: Augmentation | undefined;
  /** The optimizer's vectors from earlier work, concatenated; zeros by default. */
  readonly slots?: Float32Array | undefined;
}

export interface LocalData {
  readonly dataset: Dataset;
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

export interface LocalProgress {
  readonly participant: string;
  readonly round: number;
  /** The current epoch, from 1. */
  readonly epoch: number;
  /** The most epochs; undefined if the work is a number of steps, which count as one epoch. */
  readonly epochs: number | undefined;
  /** Steps done in this epoch, and all steps of this epoch. */
  readonly step: number;
  readonly steps: number;
  /** Whether the epoch is over, its validation included. */
  readonly epochDone: boolean;
  /** The most examples that are left; the threshold may end the work earlier. */
  readonly examplesLeft: number;
  /** The rate since the work began, validation included. */
  readonly examplesPerSecond: number;
  /** The same, of what the task counts: examples, tokens or other parts of them. */
  readonly unitsPerSecond: number;
  /** The mean loss of this epoch so far. */
  readonly loss: number;
  /** The figures after the last finished epoch. */
  readonly validation: Figures | undefined;
}

export interface LocalResult {
  readonly state: Float32Array;
  readonly slots: Float32Array;
  readonly epochs: number;
  readonly steps: number;
  /** Examples seen, repetitions included. */
  readonly examplesSeen: number;
  /** The mean training loss of the last epoch. */
  readonly loss: number;
  /** The figures on the participant's own validation data; undefined if it has none. */
  readonly validation: Figures | undefined;
}

export interface LocalContext {
  readonly plan: Plan;
  /** A session for the training model, opened with the plan's `carryOf`. */
  readonly training: Session;
  readonly evaluation: Session;
  /** Makes the source of batches. By default a batch is filled when it is needed. */
  readonly batches?: (task: BatchTask) => BatchSource;
  readonly onProgress?: (progress: LocalProgress) => void;
  /** Called before every step; if it returns false, the result is undefined. */
  readonly keepGoing?: KeepGoing;
}

const PROGRESS_INTERVAL_MS = 250;

/**
 * Training does not recover from a loss beyond this: random guessing among 1000 categories has a
 * loss of 7.
 */
const DIVERGED_LOSS = 1e6;

/** @throws DivergedError when the loss or a weight is not finite, or the loss is too large. */
export async function trainLocally(
  context: LocalContext,
  data: LocalData,
  base: Float32Array,
  work: LocalWork,
): Promise<LocalResult | undefined> {
  const { plan, keepGoing = () => true } = context;
  const { dataset, train, validation } = data;
  checkArraysOf(plan, data, base, work);
  const { maxSteps = Infinity } = work;
  const inSteps = work.stepsBefore !== undefined;
  const stepsPerEpoch = inSteps ? maxSteps : Math.ceil(train.length / plan.batchSize);
  const epochs = Math.min(work.epochs, Math.ceil(maxSteps / stepsPerEpoch));
  const inAll = Math.min(inSteps ? Infinity : epochs * train.length, maxSteps * plan.batchSize);
  const loop = await stepLoop(context, data, base, work);
  const task = {
    indices: train,
    batchSize: plan.batchSize,
    steps: Math.min(epochs * stepsPerEpoch, maxSteps),
    seed: work.seed,
    participant: work.participant,
    round: work.round,
    stepsBefore: work.stepsBefore,
    augmentation: work.augmentation,
  };
  const batches = (context.batches ?? ((task) => batchesHere(dataset, task)))(task);
  const report = reporter(context.onProgress, work, inSteps ? undefined : epochs, inAll);
  try {
    let figures: Figures | undefined;
    let state: Float32Array | undefined;
    let loss = 0;
    let epoch = 0;
    while (epoch < epochs) {
      epoch++;
      const steps = Math.min(stepsPerEpoch, maxSteps - loop.steps);
      let [lossSum, counted] = [0, 0];
      for (let step = 1; step <= steps; step++) {
        if (!(await keepGoing())) return undefined;
        const of = await loop.run(batches.next());
        lossSum += of.lossSum;
        counted += of.counted;
        loss = meanLoss({ lossSum, counted });
        report({ epoch, step, steps, epochDone: false, loss, validation: figures }, loop);
      }
      if (validation.length > 0) {
        state = await loop.state(state);
        const { evaluation } = context;
        const metrics = await evaluateState(evaluation, plan, state, dataset, validation, keepGoing);
        if (metrics === undefined) return undefined;
        figures = figuresOf(metrics);
      }
      report({ epoch, step: steps, steps, epochDone: true, loss, validation: figures }, loop);
      if (work.threshold !== undefined && figures !== undefined && reached(figures, work.threshold)) {
        break;
      }
    }
    state = await loop.state(state);
    if (!state.every(Number.isFinite)) throw diverged(work, 'a weight', 'not finite', loop.steps);
    return {
      state,
      slots: await loop.slots(),
      epochs: epoch,
      steps: loop.steps,
      examplesSeen: loop.seen,
      loss,
      validation: figures,
    };
  } finally {
    batches.close();
    // Else they would wait for the next task beside all that is evaluated and merged meanwhile.
    context.training.forget();
  }
}

/** Checks the arrays of a program's own call: a wrong length would give zeros or NaN. */
function checkArraysOf(plan: Plan, { train, validation }: LocalData, base: Float32Array, work: LocalWork) {
  const size = layoutSize(plan.layout);
  requireArray('federation: the state to begin with', base, 'Float32Array', size);
  requireArray('federation: "learningRates"', work.learningRates, 'Float32Array');
  requireArray('federation: "train"', train, 'Uint32Array');
  requireArray('federation: "validation"', validation, 'Uint32Array');
  if (work.slots === undefined) return;
  requireArray('federation: "slots"', work.slots, 'Float32Array', plan.slotCount * weightsIn(plan.layout));
}

function diverged({ participant, round }: LocalWork, what: string, value: string | number, step: number) {
  const is = typeof value === 'number' ? Number(value.toPrecision(3)) : value;
  return new DivergedError(
    `federation: training diverges: ${what} of "${participant}" is ${is} at step ${step} of round ${round}`,
    { hint: 'try a smaller learning rate, a schedule with a warm-up, or "clipNorm"' },
  );
}

/** Runs the training model step after step; state and slots stay with the session. */
async function stepLoop(
  { plan, training }: LocalContext,
  { dataset, train }: LocalData,
  base: Float32Array,
  work: LocalWork,
) {
  const size = weightsIn(plan.layout);
  const learningRate = new Float32Array(1);
  const stepNumber = new Int32Array(1);
  const lossSum = new Float32Array(1);
  const counted = new Float32Array(1);
  const seed = randomStream(work.seed, work.participant, work.round, 'dropout').uint32() | 0;
  const settings: Tensors = {
    learningRate: f32Tensor(learningRate, []),
    step: i32Tensor(stepNumber, []),
    seed: i32Tensor(Int32Array.of(seed), []),
    ...correctionFeeds(plan, dataset, train, base, work),
  };
  const results: Tensors = { lossSum: f32Tensor(lossSum, []), counted: f32Tensor(counted, []) };
  const slotNames = Array.from({ length: plan.slotCount }, (_, index) => `slot${index}`);
  const partsOf = (slots: Float32Array): Tensors =>
    Object.fromEntries(
      slotNames.map((name, index) => [name, f32Tensor(slots.subarray(index * size, (index + 1) * size))]),
    );
  const noSlots = () => new Float32Array(plan.slotCount * size);
  await training.write({ state: f32Tensor(base), ...partsOf(work.slots ?? noSlots()) });

  return {
    steps: 0,
    /** Examples, and units of the task. */
    seen: 0,
    units: 0,
    /** Written into the array, if one is given. */
    async state(into: Float32Array = new Float32Array(base.length)) {
      await training.read({ state: f32Tensor(into) });
      return into;
    },
    /** All slots, concatenated. */
    async slots() {
      const joined = noSlots();
      await training.read(partsOf(joined));
      return joined;
    },
    async run(batch: Batch) {
      learningRate[0] = work.learningRates[Math.min(this.steps, work.learningRates.length - 1)] as number;
      stepNumber[0] = this.steps + 1;
      await training.run({ ...batchFeeds(plan, batch), ...settings }, results);
      const of = { lossSum: lossSum[0] as number, counted: counted[0] as number };
      const mean = meanLoss(of);
      if (!(mean <= DIVERGED_LOSS)) throw diverged(work, 'the loss', mean, this.steps + 1);
      this.steps++;
      this.seen += batch.count;
      this.units += of.counted;
      return of;
    },
  };
}

/** Reports at most four times a second, and at the end of every epoch. */
function reporter(
  onProgress: LocalContext['onProgress'],
  { participant, round }: LocalWork,
  epochs: number | undefined,
  inAll: number,
) {
  const began = performance.now();
  let last = began;
  return (
    now: Pick<LocalProgress, 'epoch' | 'step' | 'steps' | 'epochDone' | 'loss' | 'validation'>,
    { seen, units }: { readonly seen: number; readonly units: number },
  ) => {
    const time = performance.now();
    if (onProgress === undefined || (time - last < PROGRESS_INTERVAL_MS && !now.epochDone)) return;
    last = time;
    onProgress({
      participant,
      round,
      epochs,
      ...now,
      examplesLeft: Math.max(0, inAll - seen),
      examplesPerSecond: (1000 * seen) / (time - began),
      unitsPerSecond: (1000 * units) / (time - began),
    });
  };
}
