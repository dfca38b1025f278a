/**
 * What a round showed besides the facts that decide it: drift of the updates, confusion on the test
 * examples, those for which the merge decided. Measured when it is merged, for the updates do not
 * stay. Kept in a file of its own, so that the journal stays small: rounds/round-N.json. Measuring
 * again gives the same.
 */
import { beforeAndAfter } from '../../metrics/before-and-after.js';
import type { Drift } from '../../metrics/drift.js';
import { confusionRows, type Metrics } from '../../metrics/metrics.js';
import type { RoundDetails } from '../../protocol/round-details.js';

export interface MeasuredRound {
  readonly round: number;
  /** Of the merged model. */
  readonly sha256: string;
  /** Whose updates were merged, in order. */
  readonly participants: readonly string[];
  readonly drift: Drift | undefined;
  /** On the test examples, empty where there are none; the copied model's metrics first. */
  readonly own: Readonly<Record<string, Metrics>>;
  readonly merged: Readonly<Record<string, Metrics>>;
}

export function roundDetails({
  round,
  sha256,
  participants,
  drift,
  own,
  merged,
}: MeasuredRound): RoundDetails {
  const [copied] = Object.values(merged);
  return {
    ...{ round, sha256, participants: [...participants] },
    ...(drift && { drift }),
    ...(copied?.sums.confusion !== undefined && {
      test: {
        examples: copied.examples,
        confusion: { own: confusions(own), merged: confusions(merged) },
        ...decidedBy(
          participants.map((name) => own[name]),
          copied,
        ),
      },
    }),
  };
}

/** Of the models whose confusion was kept. */
const confusions = (metrics: Readonly<Record<string, Metrics>>) =>
  Object.fromEntries(
    Object.entries(metrics)
      .filter(([, { sums }]) => sums.confusion !== undefined)
      .map(([name, one]) => [name, confusionRows(one)]),
  );

/** Nothing where an evaluation kept no answers. */
function decidedBy(own: readonly (Metrics | undefined)[], { answers }: Metrics) {
  const theirs = own.flatMap((metrics) => metrics?.answers ?? []);
  if (answers === undefined || theirs.length < own.length) return {};
  return { decided: beforeAndAfter(theirs, answers) };
}
