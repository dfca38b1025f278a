/**
 * How one thread carries out tasks, one after the other, whatever it is a thread of: Node's, or a page's. Sessions are opened
 * when they are first needed, for who only evaluates needs no training session.
 */

import { CommonweightError } from '../base/error.js';
import { randomStream } from '../base/random.js';
import type { BatchSource, BatchTask } from '../data/batches/training-batches.js';
import type { Dataset } from '../data/dataset.js';
import { carryOf } from '../engine/nn/carry.js';
import { type Runtime, RuntimeError, type Session, type SessionOptions } from '../engine/runtime/runtime.js';
import { DivergedError } from './error.js';
import { evaluateState } from './evaluate.js';
import { fisherInformation } from './fisher-information.js';
import { holding } from './held-values.js';
import type { KeepGoing } from './keep-going.js';
import { trainLocally } from './local-training.js';
import { sumFeatures } from './sum-features.js';
import type {
  EvaluateTask,
  Failure,
  FisherTask,
  FromWorker,
  GivenTask,
  SumFeaturesTask,
  Task,
  TaskResult,
  TrainTask,
  WorkerSetup,
} from './tasks.js';

export interface WorkPlace {
  readonly runtime: Runtime;
  readonly setup: WorkerSetup;
  /** Asked between two steps. */
  readonly keepGoing: KeepGoing;
  /** Where batches of a data set come from. */
  batchesOf(dataset: Dataset): (task: BatchTask) => BatchSource;
  send(message: Exclude<FromWorker, { type: 'ready' }>): void;
}

export interface TaskWork {
  /** Opens the training session, before it is needed. */
  openTraining(): Promise<void>;
  /** Does a task, and sends its result. */
  answer(given: GivenTask): Promise<void>;
}

export function taskWork({ runtime, setup, keepGoing, batchesOf, send }: WorkPlace): TaskWork {
  const opened: { [Name in 'training' | 'evaluation' | 'fisher']?: Promise<Session> } = {};
  const open = async (model: Uint8Array, options?: SessionOptions) =>
    holding(await runtime.open(model, options), setup.frozen);
  function trainingSession() {
    opened.training ??= open(setup.plan.trainingModel, { carry: carryOf(setup.plan) });
    return opened.training;
  }
  function evaluationSession() {
    opened.evaluation ??= open(setup.plan.evaluationModel);
    return opened.evaluation;
  }

  const batches = batchesOf(setup.train);
  const poisoned = setup.poisoned && { dataset: setup.poisoned, batches: batchesOf(setup.poisoned) };

  function datasetOf(source: 'train' | 'test'): Dataset {
    const dataset = setup[source];
    if (dataset === undefined) throw new Error(`internal: this worker has no ${source} examples`);
    return dataset;
  }

  async function train(id: number, { work, base, train, validation, ...task }: TrainTask) {
    const data = task.poisoned ? poisoned : { dataset: setup.train, batches };
    if (data === undefined) throw new Error('internal: there is no poisoned set');
    const context = {
      plan: setup.plan,
      training: await trainingSession(),
      evaluation: await evaluationSession(),
      batches: data.batches,
      keepGoing,
      onProgress: (progress: Extract<FromWorker, { type: 'progress' }>['progress']) =>
        send({ type: 'progress', id, progress }),
    };
    return trainLocally(context, { dataset: data.dataset, train, validation }, base, work);
  }

  async function evaluate({ state, examples: { source, indices } }: EvaluateTask) {
    return evaluateState(await evaluationSession(), setup.plan, state, datasetOf(source), indices, keepGoing);
  }

  async function sums({ state, train }: SumFeaturesTask) {
    const { features: plan } = setup;
    if (plan === undefined) throw new Error('internal: this worker has no plan of features');
    // Opened for each task: few are asked for, and their matrices are large.
    const sessions = {
      features: await open(plan.featureModel),
      gram: await runtime.open(plan.gramModel),
    };
    try {
      return await sumFeatures(sessions, plan, state, setup.train, train, keepGoing);
    } finally {
      await sessions.features.release();
      await sessions.gram.release();
    }
  }

  async function fisher({ state, indices, signs }: FisherTask) {
    const { fisher: plan } = setup;
    if (plan === undefined) throw new Error('internal: this worker has no plan of the Fisher information');
    opened.fisher ??= open(plan.model);
    const session = await opened.fisher;
    return fisherInformation(session, plan, state, setup.train, indices, randomStream(...signs), keepGoing);
  }

  function carryOut(id: number, task: Task): Promise<TaskResult> {
    switch (task.type) {
      case 'train':
        return train(id, task);
      case 'evaluate':
        return evaluate(task);
      case 'sum-features':
        return sums(task);
      case 'fisher':
        return fisher(task);
    }
  }

  return {
    openTraining: async () => void (await trainingSession()),
    answer: ({ id, task }) =>
      carryOut(id, task).then(
        (result) => send({ type: 'done', id, result }),
        (error: Error) => send({ type: 'failed', id, ...failureOf(error) }),
      ),
  };
}

/** An error as it passes between threads. */
export function failureOf(error: Error): Failure {
  // Plan and data were checked before: what the runtime will not run is our mistake.
  const known = error instanceof CommonweightError && !(error instanceof RuntimeError);
  const kind = error instanceof DivergedError ? 'diverged' : known ? 'user' : 'internal';
  const { message, stack } = error;
  return { message, hint: known ? error.hint : undefined, stack, kind };
}
