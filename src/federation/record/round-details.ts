/**
 * Measurements of a round for reports: the drift of the updates, the confusion on the test
 * examples, and the examples for which the merge decided. They are taken when the round is merged,
 * since the updates do not stay. They have a file of their own, rounds/round-N.json, so that the
 * journal stays small. Measuring again gives the same.
 */

import { beforeAndAfter } from '../../metrics/before-and-after.js';
import type { Interval } from '../../metrics/bootstrap.js';
import { confusionRows } from '../../metrics/confusion.js';
import type { Drift } from '../../metrics/drift.js';
import type { Metrics } from '../../metrics/metrics.js';
import { scoreDetailsOf } from '../../metrics/score-details.js';
import type { RoundDetails } from '../../protocol/round-details.js';

export interface MeasuredRound {
  readonly round: number;
  /** The hash of the merged model. */
  readonly sha256: string;
  /** The participants whose updates were merged, in order. */
  readonly participants: readonly string[];
  readonly drift: Drift | undefined;
  /**
   * The metrics on the test examples, the copied model's first; empty if there are no test
   * examples.
   */
  readonly own: Readonly<Record<string, Metrics>>;
  readonly merged: Readonly<Record<string, Metrics>>;
  /** Of the copied model's figures on the test examples. */
  readonly intervals?: Readonly<Record<string, Interval>>;
}

export function roundDetails({
  round,
  sha256,
  participants,
  drift,
  own,
  merged,
  intervals,
}: MeasuredRound): RoundDetails {
  const [copied] = Object.values(merged);
  return {
    ...{ round, sha256, participants: [...participants] },
    ...(drift && { drift }),
    ...((intervals !== undefined || isDescribed(copied)) &&
      copied !== undefined && {
        test: {
          examples: copied.examples,
          confusion: { own: confusions(own), merged: confusions(merged) },
          ...(intervals && { intervals: { ...intervals } }),
          ...(scoreDetailsOf(copied) && {
            scores: { own: scoreDetailsIn(own), merged: scoreDetailsIn(merged) },
          }),
          ...decidedBy(
            participants.map((name) => own[name]),
            copied,
          ),
        },
      }),
  };
}

const isDescribed = (metrics: Metrics | undefined): metrics is Metrics =>
  metrics !== undefined && (metrics.sums.confusion !== undefined || scoreDetailsOf(metrics) !== undefined);

const scoreDetailsIn = (metrics: Readonly<Record<string, Metrics>>) =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([name, one]) => {
      const scores = scoreDetailsOf(one);
      return scores === undefined ? [] : [[name, scores] as const];
    }),
  );

/** Of the models whose confusion was kept. */
const confusions = (metrics: Readonly<Record<string, Metrics>>) =>
  Object.fromEntries(
    Object.entries(metrics)
      .filter(([, { sums }]) => sums.confusion !== undefined)
      .map(([name, one]) => [name, confusionRows(one)]),
  );

/** Undefined if an evaluation kept no answers. */
function decidedBy(own: readonly (Metrics | undefined)[], { answers }: Metrics) {
  const theirs = own.flatMap((metrics) => metrics?.answers ?? []);
  if (answers === undefined || theirs.length < own.length) return {};
  return { decided: beforeAndAfter(theirs, answers) };
}
