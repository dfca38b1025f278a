/**
 * Carries out tasks in one thread, one after the other, in Node or in a page. A session is opened
 * when it is first needed, since a thread that only evaluates needs no training session.
 */

import { CommonweightError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import type { BatchSource, BatchTask } from '../data/batches/training-batches.js';
import type { Dataset } from '../data/dataset.js';
import { ownAnswer } from '../data/survey/own-answer.js';
import { surveyOf } from '../data/survey/survey.js';
import { carryOf } from '../engine/nn/carry.js';
import type { Plan } from '../engine/nn/plan.js';
import {
  NoMemoryError,
  type Runtime,
  RuntimeError,
  type Session,
  type SessionOptions,
} from '../engine/runtime/runtime.js';
import { exampleSums } from '../metrics/example-sums.js';
import type { Metrics } from '../metrics/metrics.js';
import { sizeOf } from '../tensor/shape.js';
import { DivergedError } from './error.js';
import { evaluateState } from './evaluate.js';
import { holding } from './held-values.js';
import type { KeepGoing } from './keep-going.js';
import { trainLocally } from './local-training.js';
import { meanOverExamples } from './mean-over-examples.js';
import { sumFeatures } from './sum-features.js';
import type {
  EvaluateTask,
  FromWorker,
  MeanTask,
  SumFeaturesTask,
  SurveyTask,
  TaskMessage,
  TaskResult,
  TrainTask,
  WorkerFailure,
  WorkerSetup,
  WorkerTask,
} from './tasks.js';

export interface TaskContext {
  readonly runtime: Runtime;
  readonly setup: WorkerSetup;
  /** Called between two steps. */
  readonly keepGoing: KeepGoing;
  /** Makes the source of a data set's batches. */
  batchesOf(dataset: Dataset): (task: BatchTask) => BatchSource;
  send(message: Exclude<FromWorker, { type: 'ready' }>): void;
  /**
   * Whether a session that is released gives its memory back, as a native one does. Opening it
   * again takes little time beside a large step there.
   */
  readonly givesBack?: boolean;
}

export interface TaskWork {
  /** Opens the training session, before it is needed. */
  openTraining(): Promise<void>;
  /** Carries out a task, and sends its result. */
  answer(given: TaskMessage): Promise<void>;
  /** Releases the sessions, after the last task. */
  release(): Promise<void>;
}

export function taskWork(place: TaskContext): TaskWork {
  const { setup, batchesOf, send } = place;
  const thread: Thread = {
    ...place,
    sessions: openSessions(place),
    own: { dataset: setup.train, batches: batchesOf(setup.train) },
    poisoned: setup.poisoned && { dataset: setup.poisoned, batches: batchesOf(setup.poisoned) },
  };
  return {
    openTraining: async () => void (await thread.sessions.training()),
    answer: ({ id, task }) =>
      carryOut(id, task, thread).then(
        (result) => send({ type: 'done', id, result }),
        (error: Error) => send({ type: 'failed', id, ...workerFailure(error) }),
      ),
    release: () => thread.sessions.release(),
  };
}

/** The setup, sessions and data of a thread. */
interface Thread extends TaskContext {
  readonly sessions: Sessions;
  readonly own: BatchedSet;
  readonly poisoned: BatchedSet | undefined;
}

interface BatchedSet {
  readonly dataset: Dataset;
  readonly batches: (task: BatchTask) => BatchSource;
}

/** The session of each model, opened when it is first needed. */
interface Sessions {
  training(): Promise<Session>;
  evaluation(): Promise<Session>;
  /** Of the sum plan of that name. */
  sum(name: string, model: Uint8Array): Promise<Session>;
  /** Opens a session for a single task. */
  open(model: Uint8Array): Promise<Session>;
  /** Nothing is trained for a while: the session of a large step is released, if that helps. */
  rest(): Promise<void>;
  /** Those that could be opened. */
  release(): Promise<void>;
}

/** Of the examples of a batch. The values of a step take many times as much. */
const LARGE_BATCH_BYTES = 2 ** 22;

const bytesOfBatch = ({ batchSize, inputs }: Plan) =>
  batchSize * inputs.reduce((bytes, { shape, dtype }) => bytes + sizeOf(shape) * (dtype === 'u8' ? 1 : 4), 0);

function openSessions({ runtime, setup, givesBack }: TaskContext): Sessions {
  const opened: { [Name in 'training' | 'evaluation']?: Promise<Session> } = {};
  const sums = new Map<string, Promise<Session>>();
  const open = async (model: Uint8Array, options?: SessionOptions) =>
    holding(await runtime.open(model, options), setup.frozen);
  return {
    training() {
      opened.training ??= open(setup.plan.trainingModel, { carry: carryOf(setup.plan) });
      return opened.training;
    },
    evaluation() {
      opened.evaluation ??= open(setup.plan.evaluationModel);
      return opened.evaluation;
    },
    sum(name, model) {
      const session = sums.get(name) ?? open(model);
      sums.set(name, session);
      return session;
    },
    open,
    async rest() {
      if (!givesBack || bytesOfBatch(setup.plan) < LARGE_BATCH_BYTES) return;
      // One that could not be opened has failed where it was needed.
      const session = await opened.training?.catch(() => undefined);
      delete opened.training;
      await session?.release();
    },
    async release() {
      const all = await Promise.allSettled([opened.training, opened.evaluation, ...sums.values()]);
      for (const session of all) if (session.status === 'fulfilled') await session.value?.release();
    },
  };
}

function carryOut(id: number, task: WorkerTask, thread: Thread): Promise<TaskResult> {
  switch (task.type) {
    case 'train':
      return train(id, task, thread);
    case 'evaluate':
      return evaluate(task, thread);
    case 'sum-features':
      return sums(task, thread);
    case 'mean':
      return mean(task, thread);
    case 'survey':
      return survey(task, thread);
  }
}

async function train(
  id: number,
  { work, base, train, validation, poisoned, frozen }: TrainTask,
  { setup, sessions, own, keepGoing, send, ...thread }: Thread,
) {
  const data = poisoned ? thread.poisoned : own;
  if (data === undefined) throw new Error('internal: there is no poisoned set');
  const context = {
    plan: setup.plan,
    training: holding(await sessions.training(), frozen),
    evaluation: holding(await sessions.evaluation(), frozen),
    batches: data.batches,
    keepGoing,
    onProgress: (progress: Extract<FromWorker, { type: 'progress' }>['progress']) =>
      send({ type: 'progress', id, progress }),
  };
  return trainLocally(context, { dataset: data.dataset, train, validation }, base, work);
}

async function evaluate(
  { state, examples: { source, indices }, each, frozen }: EvaluateTask,
  { setup, sessions, keepGoing }: Thread,
) {
  const dataset = setup[source];
  if (dataset === undefined) throw new Error(`internal: this worker has no ${source} examples`);
  await sessions.rest();
  const session = holding(await sessions.evaluation(), frozen);
  const evaluated = (of: Uint32Array) => evaluateState(session, setup.plan, state, dataset, of, keepGoing);
  const metrics = await evaluated(indices);
  if (!each || metrics === undefined) return metrics;
  const alone: Metrics[] = [];
  for (let place = 0; place < indices.length; place++) {
    const one = await evaluated(indices.subarray(place, place + 1));
    if (one === undefined) return undefined;
    alone.push(one);
  }
  return { ...metrics, each: exampleSums(alone) };
}

async function sums(
  { state, train, frozen }: SumFeaturesTask,
  { runtime, setup, sessions, keepGoing }: Thread,
) {
  const { features: plan } = setup;
  if (plan === undefined) throw new Error('internal: this worker has no plan of features');
  // Opened for each task, since there are few such tasks, and their matrices are large.
  const opened = {
    features: holding(await sessions.open(plan.featureModel), frozen),
    gram: await runtime.open(plan.gramModel),
  };
  try {
    return await sumFeatures(opened, plan, state, setup.train, train, keepGoing);
  } finally {
    await opened.features.release();
    await opened.gram.release();
  }
}

async function mean({ of, state, indices, signs, frozen }: MeanTask, { setup, sessions, keepGoing }: Thread) {
  const { plan, sums, train } = setup;
  const summing = sums?.[of];
  if (summing === undefined) throw new Error(`internal: this worker has no plan of the sum "${of}"`);
  const session = holding(await sessions.sum(of, summing.model), frozen);
  const drawn = randomStream(...signs);
  return meanOverExamples(session, summing, plan, state, train, indices, drawn, keepGoing);
}

async function survey({ rows, smallestCount, ofTargets }: SurveyTask, { setup: { train } }: Thread) {
  return ownAnswer(surveyOf(ofTargets ? { ...train, inputs: [] } : train), train, rows, smallestCount);
}

/** An error in the form that passes between threads. */
export function workerFailure(error: Error): WorkerFailure {
  // Plan and data were checked before, so an error of the runtime is a bug in Commonweight, but for
  // memory that others have taken since it was asked for.
  const isBug = error instanceof RuntimeError && !(error instanceof NoMemoryError);
  const known = error instanceof CommonweightError && !isBug;
  const kind = error instanceof DivergedError ? 'diverged' : known ? 'user' : 'internal';
  const { message, stack } = error;
  return { message, hint: known ? error.hint : undefined, stack, kind };
}
