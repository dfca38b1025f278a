/** The rules of a run: who takes part, and what decides when it is at its end. */
import type { TrainTestSplit } from '../../data/dataset.js';
import { participantNames } from '../../data/partition/partition.js';
import { targetOf } from '../../metrics/target.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import { metricsOf } from '../../protocol/configuration/task-metrics.js';
import { beginsWithSurvey } from '../methods/made-constants.js';
import type { RoundRules } from '../rounds/round.js';
import { attackersOf } from './attackers.js';

/** Everybody, in the order in which updates are merged. */
export const participantsOf = ({ participants, partition }: Configuration): readonly string[] =>
  participants ?? participantNames(partition.participants);

/** What decides when a run is at its end. */
export function rulesOf(configuration: Configuration, participants: readonly string[]): RoundRules {
  const {
    rounds,
    reference,
    pooled,
    refit,
    average,
    evaluateEvery,
    participantsPerRound: perRound,
    quorum,
    deadlineSeconds,
    mostExamples,
    seed,
    task,
  } = configuration;
  const attackers = attackersOf(configuration, participants);
  const metrics = metricsOf(configuration);
  return {
    participants,
    rounds,
    metrics,
    reference: reference === undefined ? undefined : targetOf(reference, metrics),
    pooled,
    refit: refit?.rounds,
    survey: beginsWithSurvey(configuration),
    refitsAverage: average?.final,
    evaluateEvery,
    quorum,
    deadlineSeconds,
    mostExamples,
    ...(task.name === 'custom' && task.unit !== undefined && { unit: task.unit }),
    ...(perRound !== undefined && { sampling: { perRound, seed } }),
    ...(attackers && {
      attackers: attackers.names,
      attackersWait: attackers.attack.from === 'honest-updates',
    }),
  };
}

/**
 * @throws ConfigurationError when pooled training or a refit is asked for, but nobody could say how
 *   good it is.
 */
export function checkTestExamples(
  configuration: Configuration,
  { test }: Pick<TrainTestSplit, 'test'>,
  source: string,
): void {
  if (test.examples > 0) return;
  for (const field of ['pooled', 'refit'] as const) {
    if (configuration[field] === undefined || configuration[field] === false) continue;
    throw new ConfigurationError(
      `${source}: "${field}" is set, but there are no test examples to measure it on`,
      {
        hint: `leave "${field}" out, or give test examples`,
      },
    );
  }
}
