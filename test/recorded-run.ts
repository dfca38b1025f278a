/** A run as read from its folder, made by hand: three rounds of two participants, where nothing says otherwise. */

import { imageFacts } from '../src/data/images/image-dataset.js';
import { modelDescription } from '../src/federation/plan/compile-federation.js';
import { rulesOf } from '../src/federation/plan/federation-plan.js';
import type { RecordedRun } from '../src/federation/record/read-run.js';
import { runResult } from '../src/federation/record/run-result.js';
import type { RoundEvent } from '../src/federation/rounds/round-events.js';
import { applyEvent, isFinished, startRun } from '../src/federation/rounds/rounds.js';
import { type ConfigurationInput, parseConfiguration } from '../src/protocol/configuration/configuration.js';
import type { RoundDetails } from '../src/protocol/round-details.js';

const sha256 = 'a'.repeat(64);

export interface RoundNumbers {
  /** [participants]: validation accuracy of the own model, and of the copy. */
  readonly own: readonly number[];
  readonly copies: readonly number[];
  /** Test accuracies. */
  readonly ownTest?: readonly number[];
  readonly merged?: Readonly<Record<string, number>>;
  readonly pooled?: number;
}

export interface RecordedRunParts {
  readonly rounds: readonly RoundNumbers[];
  readonly configuration?: Partial<ConfigurationInput>;
  readonly details?: readonly RoundDetails[];
  readonly labelCounts?: RecordedRun['labelCounts'];
  readonly classNames?: readonly string[];
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
  const events = parts.rounds.flatMap((numbers, index) => eventsOf(index + 1, participants, numbers));
  const state = events.reduce(applyEvent, startRun(rulesOf(configuration, participants)));
  const { classNames } = parts;
  return {
    path: 'runs/test',
    configuration,
    state,
    rounds: state.rounds,
    result: runResult({ configuration, state, versions: { commonweight: '0' } }),
    extended: false,
    finished: isFinished(state),
    details: new Map((parts.details ?? []).map((details) => [details.round, details])),
    labelCounts: parts.labelCounts,
    model: {
      bytes: 1000,
      description: classNames && modelDescription(configuration, imageFacts([1, 2, 2], classNames)),
    },
  };
}

function eventsOf(round: number, participants: readonly string[], numbers: RoundNumbers): RoundEvent[] {
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
          images: 100,
          loss: 1,
          validationAccuracy: own[k] ?? 0,
          seconds: 1,
        },
      }),
    ),
    {
      type: 'merged',
      round,
      sha256,
      merged,
      own: Object.fromEntries(ownTest.map((accuracy, k) => [participants[k] ?? '', accuracy])),
      seconds: 1,
    },
    ...(pooled === undefined
      ? []
      : [{ type: 'pooled-trained' as const, round, sha256, images: 100, testAccuracy: pooled }]),
    ...copies.map(
      (validationAccuracy, k): RoundEvent => ({
        type: 'copy-evaluated',
        round,
        participant: participants[k] ?? '',
        validationAccuracy,
      }),
    ),
  ];
}
