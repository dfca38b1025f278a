/**
 * A participant's work in one round: epochs of training on its own data from the state it was
 * given, until its own validation accuracy reaches the threshold or the epochs run out; or a number
 * of steps. The result is a function of the state, the data and the seed alone: it does not matter
 * which thread does it, or when.
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
  /** At most; at least one is done. */
  readonly epochs: number;
  /** Stops after this many steps, wherever the epoch stands. */
  readonly maxSteps?: number | undefined;
  /**
   * Steps that the participant did before these: its batches go on where those ended, and the work
   * is one stretch of `maxSteps` with its validation at the end.
   */
  readonly stepsBefore?: number | undefined;
  /**
   * What the own model has to reach on the validation data, checked after every epoch, for the work
   * to be done.
   */
  readonly threshold?: Target | undefined;
  /** Of every step of this work, from 0; the last is kept beyond the end. */
  readonly learningRates: Float32Array;
  /** Of the training examples; none by default. */
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
  /** From 1. */
  readonly epoch: number;
  /** At most; undefined where the work is a number of steps, which then count as one epoch. */
  readonly epochs: number | undefined;
  /** Steps done of this epoch, and steps of this epoch. */
  readonly step: number;
  readonly steps: number;
  /** The epoch is over, its validation too. */
  readonly epochDone: boolean;
  /** Examples still to be seen, at most: the threshold may end the work before. */
  readonly examplesLeft: number;
  /** Since the work began, validation included. */
  readonly examplesPerSecond: number;
  /** The same, of what the task counts: examples, tokens or other parts of them. */
  readonly unitsPerSecond: number;
  /** The mean loss of this epoch so far. */
  readonly loss: number;
  /** After the last finished epoch. */
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
  /** On the participant's own validation data; undefined where it has none. */
  readonly validation: Figures | undefined;
}

export interface LocalContext {
  readonly plan: Plan;
  /** Carries what `carryOf` says. */
  readonly training: Session;
  readonly evaluation: Session;
  /** Where batches of the data set come from: filled when they are needed, by default. */
  readonly batches?: (task: BatchTask) => BatchSource;
  readonly onProgress?: (progress: LocalProgress) => void;
  /** Asked before every step; when it says no, the result is undefined. */
  readonly keepGoing?: KeepGoing;
}

const PROGRESS_INTERVAL_MS = 250;

/**
 * A loss beyond this has left every scale that training comes back from: random guessing among 1000
 * classes costs 7.
 */
const DIVERGED_LOSS = 1e6;

/** @throws DivergedError when the loss, or a weight, is no sound number any more. */
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
        const state = await loop.state();
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
    const state = await loop.state();
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
  }
}

/** A program's own call: what does not fit would become zeros, or NaN. */
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
  const slots = slotNames.map((name, index) => {
    const vector = work.slots?.subarray(index * size, (index + 1) * size) ?? new Float32Array(size);
    return [name, f32Tensor(vector)] as const;
  });
  await training.write({ state: f32Tensor(base), ...Object.fromEntries(slots) });

  return {
    steps: 0,
    /** Examples, and units of the task. */
    seen: 0,
    units: 0,
    async state() {
      return (await training.read()).state?.data as Float32Array;
    },
    /** All slots, concatenated. */
    async slots() {
      const read = await training.read();
      const joined = new Float32Array(plan.slotCount * size);
      slotNames.forEach((name, index) => {
        joined.set(read[name]?.data as Float32Array, index * size);
      });
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
