/**
 * The refit of the last layer (Fed3R, `merge/refit/feature-sums.ts`): every participant sums what
 * goes into that layer over its own training examples, the coordinator adds the sums in the order
 * of the participants and solves for the layer.
 *
 * Least-squares scores are near 0 and 1 and too flat for logits, so they are multiplied by a scale:
 * of the powers of two up to 64, the one with the least loss on the participants' validation
 * examples. A power of two changes no prediction.
 *
 * What training gave the layer knows things that least squares do not, and the reverse: the layer
 * is (1 − α) of what it was and α of the solution (WiSE-FT, Wortsman et al. 2022,
 * https://arxiv.org/abs/2109.01903, for the last layer alone), with the α of 0, ¼, ½, ¾ and 1 that
 * has the least loss there.
 */

import type { Share } from '../../data/partition/partition.js';
import { compileFeaturePlan, type FeatureOptions, type FeaturePlan } from '../../engine/nn/feature-plan.js';
import { addSums, emptySums, packSums, ridgeSolution, unpackSums } from '../../merge/refit/feature-sums.js';
import { figuresOf } from '../../metrics/classification.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { evaluateInParts } from '../../training/evaluate-parts.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';

export interface RefitPlan {
  readonly features: FeaturePlan;
  readonly lambda: number;
  /** Whose last layer it is: what is copied, or the average of the rounds. */
  readonly of: 'merged' | 'average';
}

/**
 * @throws ConfigurationError where an average of models before their refit would be the final
 * model.
 */
export function checkRefit({ refit, average }: Configuration, source: string): void {
  if (refit?.rounds !== 'every' || !average?.final) return;
  throw new ConfigurationError(
    `${source}: "refit.rounds" is "every", but the final model is the average, which is of the models before their refit`,
    { hint: 'set "refit.rounds" to "last", and the average itself is refitted; or "average.final" to false' },
  );
}

/** @throws NetworkError when the network does not end with a dense layer. */
export function refitPlanOf(
  { refit, average }: Configuration,
  { network, inputs }: FeatureOptions,
): RefitPlan | undefined {
  return (
    refit && {
      features: compileFeaturePlan({ network, inputs }),
      lambda: refit.lambda,
      of: average?.final ? 'average' : 'merged',
    }
  );
}

/** Where a refit is carried out: a part of the coordinator's workshop. */
export interface RefitWorkshop {
  readonly plan: {
    readonly shares: readonly Share[];
    readonly testExamples: number;
    readonly refit?: RefitPlan | undefined;
  };
  readonly tasks: TaskRunner;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

export async function sumFeaturesOf(
  { round, participant }: { readonly round: number; readonly participant: string },
  workshop: RefitWorkshop,
): Promise<RoundEvent> {
  const { plan, tasks, store } = workshop;
  const { data } = await modelOf(round, workshop);
  const train = plan.shares.find(({ name }) => name === participant)?.train;
  if (train === undefined || tasks.sumFeatures === undefined) {
    throw new Error(`internal: the features of "${participant}" cannot be summed`);
  }
  const sums = await tasks.sumFeatures({ type: 'sum-features', state: data, train });
  const sha256 = await store.put({ type: 'features', round, participant }, packSums(sums));
  return { type: 'contributed', round, phase: 'features', participant, sha256 };
}

export async function refit(round: number, workshop: RefitWorkshop): Promise<RoundEvent> {
  const { plan, tasks, store } = workshop;
  const { features, lambda } = refitOf(workshop);
  const { contributed } = recordOf(round, workshop);
  const size = features.features + 1;
  const total = emptySums(size, features.classes);
  for (const { name: participant } of plan.shares) {
    const { sha256 } = contributed.features?.get(participant) ?? {};
    if (sha256 === undefined) throw new Error(`internal: the features of "${participant}" are not in`);
    addSums(total, unpackSums(await store.get({ type: 'features', round, participant }, sha256)));
  }
  const base = await modelOf(round, workshop);
  const solution = ridgeSolution(total, size, lambda);
  const leastLoss = async (mixes: readonly Mix[]) => {
    const losses = await Promise.all(
      mixes.map((mix) => validationLoss(withLastLayer(base, features, solution, mix), workshop)),
    );
    return mixes[losses.indexOf(Math.min(...losses))] as Mix;
  };
  const { scale } = await leastLoss(SCALES.map((scale) => ({ scale, alpha: 1 })));
  const mix = await leastLoss(ALPHAS.map((alpha) => ({ scale, alpha })));
  const model = withLastLayer(base, features, solution, mix);
  const metrics = await evaluateInParts(tasks, model.data, 'test', plan.testExamples);
  const sha256 = await store.put({ type: 'refitted', round }, model);
  return { type: 'refitted', round, sha256, ...mix, test: figuresOf(metrics) };
}

/** (1 − α) of the layer as it was, and α · scale of the solution. */
interface Mix {
  readonly scale: number;
  readonly alpha: number;
}

const SCALES = [1, 2, 4, 8, 16, 32, 64];
const ALPHAS = [0, 0.25, 0.5, 0.75, 1];

/** @param solution [classes, features + 1], the bias last */
function withLastLayer(
  base: StateDict,
  { weight, bias, features, classes }: FeaturePlan,
  solution: Float64Array,
  { scale, alpha }: Mix,
): StateDict {
  const data = base.data.slice();
  const put = (at: number, fitted: number) => {
    data[at] = (1 - alpha) * (data[at] as number) + alpha * scale * fitted;
  };
  for (let label = 0; label < classes; label++) {
    const row = solution.subarray(label * (features + 1), (label + 1) * (features + 1));
    for (let i = 0; i < features; i++) put(weight.offset + label * features + i, row[i] as number);
    put(bias.offset + label, row[features] as number);
  }
  return { layout: base.layout, data };
}

/** The sum of the configured loss over the validation examples of every participant. */
async function validationLoss({ data }: StateDict, { plan, tasks }: RefitWorkshop): Promise<number> {
  const metrics = await Promise.all(
    plan.shares.map(({ validation: indices }) =>
      tasks.evaluate({ type: 'evaluate', state: data, examples: { source: 'train', indices } }),
    ),
  );
  return metrics.reduce((sum, { lossSum }) => sum + lossSum, 0);
}

/** The model whose last layer is refitted. */
function modelOf(round: number, workshop: RefitWorkshop): Promise<StateDict> {
  const { merged } = recordOf(round, workshop);
  if (merged === undefined) throw new Error(`internal: round ${round} has no merged model yet`);
  return refitOf(workshop).of === 'average' && merged.average !== undefined
    ? workshop.store.get({ type: 'average', round }, merged.average)
    : workshop.store.get({ type: 'merged', round }, merged.sha256);
}

function refitOf({ plan }: RefitWorkshop): RefitPlan {
  if (plan.refit === undefined) throw new Error('internal: this run refits nothing');
  return plan.refit;
}

function recordOf(round: number, { rounds }: RefitWorkshop): RoundRecord {
  const record = rounds[round - 1];
  if (record === undefined) throw new Error(`internal: there is no round ${round} yet`);
  return record;
}
