/**
 * Chooses the cut-off of a final model on the validation examples of all participants, and measures
 * it on the test examples. Where those can be drawn again and again, its figures have intervals.
 */
import { turnTaker } from '../../../base/turns.js';
import type { Share } from '../../../data/partition/partition.js';
import { bootstrapIntervals } from '../../../metrics/bootstrap.js';
import {
  type CutOffResult,
  chosenBin,
  cutOffResult,
  type Decision,
  type DecisionRule,
} from '../../../metrics/cut-off.js';
import { addMetrics, type Metrics } from '../../../metrics/metrics.js';
import { histogramsOf, lowerEdge, type ScoreHistogram } from '../../../metrics/score-histograms.js';
import { evaluateInParts } from '../../../training/evaluate-parts.js';
import type { TaskRunner } from '../../../training/tasks.js';

export interface DecisionContext {
  readonly rule: DecisionRule;
  /** The name of the positive class. */
  readonly positive: string;
  readonly shares: readonly Share[];
  readonly testExamples: number;
  readonly bootstrap: { readonly resamples: number; readonly seed: number } | undefined;
}

/** Undefined if no cut-off can be chosen on these examples. */
export async function decidedModel(
  tasks: TaskRunner,
  state: Float32Array,
  { rule, positive, shares, testExamples, bootstrap }: DecisionContext,
): Promise<Decision | undefined> {
  const own = await Promise.all(
    shares.map(({ validation: indices }) =>
      tasks.evaluate({ type: 'evaluate', state, examples: { source: 'train', indices } }),
    ),
  );
  const histogram = histogramOf(addMetrics(own));
  const bin = chosenBin(histogram, rule);
  if (bin === undefined) return undefined;
  const decision = { rule, cutOff: lowerEdge(bin), positive, validation: cutOffResult(histogram, bin) };
  if (testExamples === 0) return decision;
  const tested = await evaluateInParts(tasks, state, 'test', testExamples, bootstrap !== undefined);
  return { ...decision, test: await measuredCutOff(tested, bin, bootstrap) };
}

/** What a cut-off comes to, with intervals if the metrics have the sums of each example. */
export async function measuredCutOff(
  metrics: Metrics,
  bin: number,
  bootstrap: DecisionContext['bootstrap'],
  takeTurn = turnTaker(),
): Promise<CutOffResult> {
  const result = cutOffResult(histogramOf(metrics), bin);
  if (bootstrap === undefined) return result;
  const figuresOf = (draw: Metrics) => cutOffResult(histogramOf(draw), bin).figures;
  return { ...result, intervals: await bootstrapIntervals(metrics, bootstrap, takeTurn, figuresOf) };
}

/** With two classes, the second one is scored alone. */
export function histogramOf({ sums }: Pick<Metrics, 'sums'>): ScoreHistogram {
  const [histogram] = histogramsOf(sums.scores ?? new Float64Array(0));
  if (histogram === undefined) throw new Error('internal: a cut-off without scores');
  return histogram;
}
