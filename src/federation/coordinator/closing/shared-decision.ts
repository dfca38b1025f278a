/**
 * The cut-off of a federation across machines. It is chosen on the score histograms that
 * participants share of the final model's evaluation, added in the order of the participants. It
 * follows from the run's state, so no fact has it.
 */
import { chosenBin, cutOffResult, type Decision } from '../../../metrics/cut-off.js';
import { histogramsOf, lowerEdge, type ScoreHistogram } from '../../../metrics/score-histograms.js';
import { sumTogether } from '../../../metrics/shared/together.js';
import type { Configuration } from '../../../protocol/configuration/configuration.js';
import { finalRole } from '../../record/conclude-run.js';
import type { RunState } from '../../rounds/round.js';

export interface SharedDecision {
  readonly decision: Decision;
  /** The first bin of scores that counts as positive. */
  readonly bin: number;
}

/**
 * Undefined if nobody shares the scores, or no cut-off can be chosen on them.
 * @param positive the name of the positive category
 */
export function sharedDecision(
  state: RunState,
  configuration: Configuration,
  positive: string,
): SharedDecision | undefined {
  const { decision: rule } = configuration;
  const final = finalRole(state, configuration);
  const record = final && state.rounds[final.role.round - 1];
  if (rule === undefined || record === undefined) return undefined;
  const inOrder = state.rules.participants.flatMap((name) => record.shared.get(name) ?? []);
  const scores = sumTogether(inOrder, 'scores');
  if (scores === undefined) return undefined;
  const [histogram] = histogramsOf(scores.sum);
  const bin = histogram && chosenBin(histogram, rule);
  if (bin === undefined) return undefined;
  const validation = cutOffResult(histogram as ScoreHistogram, bin);
  const { participants } = scores;
  return { bin, decision: { rule, cutOff: lowerEdge(bin), positive, validation, participants } };
}
