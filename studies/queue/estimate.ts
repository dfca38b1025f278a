/**
 * How long a run takes at most, roughly: images trained and evaluated, at rates measured on two
 * cores (docs/performance.md).
 */

import {
  type Configuration,
  type ConfigurationInput,
  parseConfiguration,
} from '../../src/protocol/configuration/configuration.js';
import { stepsBefore } from '../../src/training/step-schedule.js';
import { StudyError } from './error.js';

/** Images that one worker trains in a second. */
const IMAGES_PER_SECOND: Readonly<Partial<Record<string, number>>> = { 'paper-cnn': 650, mlp: 30_000 };
/** Looking at an image costs a part of learning from it. */
const EVALUATION = 1 / 3;
const WORKERS = 2;
const TRAINING_IMAGES = 60_000;
const TEST_IMAGES = 10_000;
/** Of a round: states that are written, synced, read and merged, for each participant. */
const SECONDS_PER_UPDATE = 0.01;

export function estimatedMinutes(input: ConfigurationInput): number {
  const configuration = parseConfiguration(input, 'a study');
  const { model, partition, rounds, pooled } = configuration;
  const perSecond = IMAGES_PER_SECOND[model.name];
  if (perSecond === undefined) {
    throw new StudyError(`studies: how fast "${model.name}" trains is not known`, {
      hint: `measure it with npm run bench, and add it to ${import.meta.filename}`,
    });
  }
  const { participants } = partition;
  const trained = trainedImages(configuration);
  // Pooled training has a worker of its own.
  const lanes = Math.min(WORKERS, participants);
  const training = pooled ? Math.max((2 * trained) / WORKERS, trained) : trained / lanes;
  const evaluation = (EVALUATION * evaluatedImages(configuration)) / WORKERS;
  return ((training + evaluation) / perSecond + SECONDS_PER_UPDATE * rounds * participants) / 60;
}

/** By all participants together. */
function trainedImages(configuration: Configuration): number {
  const { local, rounds, batchSize, partition } = configuration;
  if (local.steps !== undefined)
    return partition.participants * batchSize * stepsBefore(local.steps, rounds + 1);
  return rounds * (local.epochs ?? 1) * trainingImages(configuration);
}

function evaluatedImages(configuration: Configuration): number {
  const { partition, rounds, evaluateEvery = 1, compare, average, local } = configuration;
  const validation = partition.validation * all(configuration);
  const models = partition.participants + 1 + compare.length + (average === undefined ? 0 : 1);
  const eachTime = models * TEST_IMAGES + (1 + (local.epochs ?? 1)) * validation;
  return Math.ceil(rounds / evaluateEvery) * eachTime + refits(configuration) * trainingImages(configuration);
}

const refits = ({ refit, rounds }: Configuration) =>
  refit === undefined ? 0 : refit.rounds === 'every' ? rounds : 1;

const all = ({ examples = TRAINING_IMAGES }: Configuration) => examples;
const trainingImages = (configuration: Configuration) =>
  (1 - configuration.partition.validation) * all(configuration);
