/** A worker thread: two sessions of one thread each, and tasks one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ImageDataset } from '../data/image-dataset.js';
import { evaluateState } from '../evaluation/evaluate.js';
import { fisherInformation } from '../evaluation/fisher-information.js';
import { sumFeatures } from '../evaluation/sum-features.js';
import { carryOf } from '../nn/plan.js';
import { ortNode } from '../runtime/ort-node.js';
import { RuntimeError, type Session } from '../runtime/runtime.js';
import { CommonweightError } from '../tensor/error.js';
import { randomStream } from '../tensor/random.js';
import { DivergedError } from './error.js';
import { batchFeed } from './feeding.js';
import { trainLocally } from './local-training.js';
import type {
  EvaluateTask,
  FisherTask,
  FromWorker,
  SumFeaturesTask,
  Task,
  ToWorker,
  TrainTask,
  WorkerSetup,
} from './tasks.js';

const port = parentPort;
if (port === null) throw new Error('internal: this module runs in a worker thread');
/** The flags of the pool: the first is everybody's, another this thread's own. */
const { setup, flags, own } = workerData as { setup: WorkerSetup; flags: Int32Array; own: number };
const runtime = ortNode();
const send = (message: FromWorker) => port.postMessage(message);
/** Between steps the thread looks whether it shall stop: it must not be ended in the middle of one. */
const keepGoing = () => Atomics.load(flags, 0) === 0 && Atomics.load(flags, own) === 0;

/** Opened when they are first needed: who only evaluates needs no training session. */
const opened: { [Name in 'training' | 'evaluation' | 'fisher']?: Promise<Session> } = {};
function trainingSession() {
  opened.training ??= runtime.open(setup.plan.trainingModel, { carry: carryOf(setup.plan) });
  return opened.training;
}
function evaluationSession() {
  opened.evaluation ??= runtime.open(setup.plan.evaluationModel);
  return opened.evaluation;
}

const batches = batchFeed(setup.train);
const poisoned = setup.poisoned && { dataset: setup.poisoned, batches: batchFeed(setup.poisoned) };

function datasetOf(source: 'train' | 'test'): ImageDataset {
  const dataset = setup[source];
  if (dataset === undefined) throw new Error(`internal: this worker has no ${source} images`);
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
    features: await runtime.open(plan.featureModel),
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
  opened.fisher ??= runtime.open(plan.model);
  const session = await opened.fisher;
  return fisherInformation(session, plan, state, setup.train, indices, randomStream(...signs), keepGoing);
}

function carryOut(id: number, task: Task) {
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

port.on('message', (message: ToWorker) => {
  if (message.type === 'close') {
    port.close();
    return;
  }
  const { id, task } = message;
  const result = carryOut(id, task);
  result.then(
    (result: Extract<FromWorker, { type: 'done' }>['result']) => send({ type: 'done', id, result }),
    (error: Error) => {
      // Plan and data were checked before: what the runtime will not run is our mistake.
      const known = error instanceof CommonweightError && !(error instanceof RuntimeError);
      const kind = error instanceof DivergedError ? 'diverged' : known ? 'user' : 'internal';
      const { message, stack } = error;
      send({ type: 'failed', id, message, hint: known ? error.hint : undefined, stack, kind });
    },
  );
});
send({ type: 'ready', runtime: runtime.name, device: runtime.device });
