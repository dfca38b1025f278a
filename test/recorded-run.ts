/**
 * A run as read from its folder, made by hand: three rounds of two participants, where nothing says
 * otherwise.
 */

import { imageFacts } from '../src/data/images/image-dataset.js';
import { modelDescription } from '../src/federation/plan/compile-federation.js';
import { rulesOf } from '../src/federation/plan/rules.js';
import type { RecordedRun } from '../src/federation/record/read-run.js';
import { runResult } from '../src/federation/record/run-result.js';
import type { RoundEvent } from '../src/federation/rounds/round-events.js';
import { applyEvent, isFinished, startRun } from '../src/federation/rounds/rounds.js';
import type { TaskMetrics } from '../src/metrics/metric.js';
import { type ConfigurationInput, parseConfiguration } from '../src/protocol/configuration/configuration.js';
import type { RoundDetails } from '../src/protocol/round-details.js';

const sha256 = 'a'.repeat(64);

export interface RoundNumbers {
  /**
   * Of the main metric. [participants]: of the own model on its validation data, and of the copy.
   */
  readonly own: readonly number[];
  readonly copies: readonly number[];
  /** On the test images. */
  readonly ownTest?: readonly number[];
  readonly merged?: Readonly<Record<string, number>>;
  readonly pooled?: number;
}

export interface RecordedRunParts {
  readonly rounds: readonly RoundNumbers[];
  readonly configuration?: Partial<ConfigurationInput>;
  readonly details?: readonly RoundDetails[];
  readonly labelCounts?: RecordedRun['labelCounts'];
  readonly survey?: RecordedRun['survey'];
  readonly classNames?: readonly string[];
  /** Those of classification by default. */
  readonly metrics?: TaskMetrics;
  /** By the configuration by default; written as a number, for a task of other metrics. */
  readonly reference?: number;
}

export function recordedRun(parts: RecordedRunParts): RecordedRun {
  const participants = parts.rounds[0]?.own.map((_, k) => `environment-${k + 1}`) ?? [
    'environment-1',
    'environment-2',
  ];
  const configuration = parseConfiguration(
    {
      partition: { name: 'v', participants: participants.length },
      model: { name: 'mlp' },
      optimizer: { name: 'adam' },
      local: { epochs: 1 },
      rounds: 3,
      ...parts.configuration,
    },
    'test',
  );
  const ruled = rulesOf(configuration, participants);
  const { metrics = ruled.metrics, reference } = parts;
  const rules = {
    ...ruled,
    metrics,
    reference: reference === undefined ? ruled.reference : { metric: metrics[0], value: reference },
  };
  const events = parts.rounds.flatMap((numbers, index) =>
    eventsOf(index + 1, participants, numbers, metrics[0].name),
  );
  const state = events.reduce(applyEvent, startRun(rules));
  const told = { ...configuration, ...(reference !== undefined && { reference }) };
  const { classNames } = parts;
  return {
    path: 'runs/test',
    configuration: told,
    state,
    hasClasses: parts.metrics === undefined,
    rounds: state.rounds,
    result: runResult({ configuration: told, state, versions: { commonweight: '0' } }),
    extended: false,
    finished: isFinished(state),
    details: new Map((parts.details ?? []).map((details) => [details.round, details])),
    labelCounts: parts.labelCounts,
    survey: parts.survey,
    model: {
      bytes: 1000,
      // Pictures, unless the metrics are those of other data.
      description:
        parts.metrics === undefined
          ? modelDescription(configuration, imageFacts([1, 2, 2], classNames ?? []))
          : undefined,
    },
  };
}

function eventsOf(
  round: number,
  participants: readonly string[],
  numbers: RoundNumbers,
  metric: string,
): RoundEvent[] {
  const { own, copies, ownTest = [], merged = {}, pooled } = numbers;
  return [
    ...participants.map(
      (participant, k): RoundEvent => ({
        type: 'update-received',
        round,
        update: {
          participant,
          sha256,
          // Those further down have more.
          examples: 100 * (k + 1),
          epochs: 1,
          examplesSeen: 100,
          loss: 1,
          validation: { [metric]: own[k] ?? 0 },
          seconds: 1,
        },
      }),
    ),
    {
      type: 'merged',
      round,
      sha256,
      merged: Object.fromEntries(
        Object.entries(merged).map(([strategy, figure]) => [strategy, { [metric]: figure }]),
      ),
      own: Object.fromEntries(ownTest.map((figure, k) => [participants[k] ?? '', { [metric]: figure }])),
      seconds: 1,
    },
    ...(pooled === undefined
      ? []
      : [{ type: 'pooled-trained' as const, round, sha256, examplesSeen: 100, test: { [metric]: pooled } }]),
    ...copies.map(
      (figure, k): RoundEvent => ({
        type: 'copy-evaluated',
        round,
        participant: participants[k] ?? '',
        validation: { [metric]: figure },
      }),
    ),
  ];
}
