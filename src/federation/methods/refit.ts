/**
 * The refit of the last layer (Fed3R, `merge/refit/feature-sums.ts`). Every participant sums the
 * features that go into that layer, over its own training examples. The coordinator adds the sums
 * in the order of the participants and solves for the layer.
 *
 * Least-squares scores are near 0 and 1 and too flat for logits, so they are multiplied by a scale:
 * of the powers of two up to 64, the one with the least loss on the participants' validation
 * examples. A power of two changes no prediction.
 *
 * The trained layer and the least-squares solution each know things that the other does not. So the
 * new layer is (1 − α) times the trained one plus α times the solution (WiSE-FT, Wortsman et al.
 * 2022, https://arxiv.org/abs/2109.01903, for the last layer alone). α is the one of 0, ¼, ½, ¾ and
 * 1 with the least loss on the validation examples.
 */

import type { Share } from '../../data/partition/partition.js';
import { compileFeaturePlan, type FeatureOptions, type FeaturePlan } from '../../engine/nn/feature-plan.js';
import { addSums, emptySums, packSums, ridgeSolution, unpackSums } from '../../merge/refit/feature-sums.js';
import { type Mix, packSolution, unpackSolution, withLastLayer } from '../../merge/refit/solution.js';
import { figuresOf } from '../../metrics/classification.js';
import { type Configuration, ConfigurationError } from '../../protocol/configuration/configuration.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import { evaluateInParts } from '../../training/evaluate-parts.js';
import type { TaskRunner } from '../../training/tasks.js';
import { chosenMix } from '../rounds/refit-phases.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';
import { checkBound } from './check-bound.js';
import type { Bound } from './method.js';

export interface RefitPlan {
  readonly features: FeaturePlan;
  /** The bound of each value of a participant's sums. */
  readonly bound: Bound;
  readonly lambda: number;
  /**
   * The model whose last layer is refitted: the one that is copied, or the average of the rounds.
   */
  readonly of: 'merged' | 'average';
}

/**
 * @throws ConfigurationError when an average of models before their refit would be the final model
 */
export function checkRefit({ refit, average }: Configuration, source: string): void {
  if (refit?.rounds !== 'every' || !average?.final) return;
  throw new ConfigurationError(
    `${source}: "refit.rounds" is "every", but the final model is the average, which is of the models before their refit`,
    { hint: 'set "refit.rounds" to "last", and the average itself is refitted; or "average.final" to false' },
  );
}

/** @throws NetworkError when the network does not end with a dense layer */
export function refitPlanOf(
  { refit, average, mostExamples }: Configuration,
  { network, inputs, train, freeze }: FeatureOptions,
): RefitPlan | undefined {
  return (
    refit && {
      features: compileFeaturePlan({ network, inputs, train, freeze }),
      bound: boundOfSums(mostExamples),
      lambda: refit.lambda,
      of: average?.final ? 'average' : 'merged',
    }
  );
}

/** A product of two features of each example: no feature is beyond 10⁴. */
const boundOfSums = (examples: number): Bound => ({ least: -1e8 * examples, most: 1e8 * examples });

/** The layout of the file with a participant's sums. */
export const featureLayout = ({ features, classes }: FeaturePlan): StateLayout =>
  packSums(emptySums(features + 1, classes)).layout;

/** A participant's data and task runner, on one machine or on many. */
export interface RefitParticipant {
  readonly share: Share;
  readonly tasks: TaskRunner;
}

/** The sums of its features, as a state dict that travels. */
export async function ownFeatures(
  { share, tasks }: RefitParticipant,
  { data: state }: StateDict,
  { bound }: Pick<RefitPlan, 'bound'>,
): Promise<StateDict> {
  if (tasks.sumFeatures === undefined) throw new Error('internal: features cannot be summed here');
  const sums = packSums(await tasks.sumFeatures({ type: 'sum-features', state, train: share.train }));
  checkBound(sums, bound, `a sum of features of "${share.name}"`);
  return sums;
}

/** The sum of the configured loss over its validation examples, with each of the mixes. */
export async function ownLosses(
  { share: { validation: indices }, tasks }: RefitParticipant,
  base: StateDict,
  { features: layer }: RefitPlan,
  solution: StateDict,
  mixes: readonly Mix[],
  signal?: AbortSignal,
): Promise<number[]> {
  const solved = unpackSolution(solution);
  const metrics = await Promise.all(
    mixes.map((mix) => {
      const { data: state } = withLastLayer(base, layer, solved, mix);
      return tasks.evaluate({ type: 'evaluate', state, examples: { source: 'train', indices } }, signal);
    }),
  );
  return metrics.map(({ lossSum }) => lossSum);
}

/** The parts of the coordinator's workshop that a refit needs. */
export interface RefitWorkshop {
  readonly plan: { readonly testExamples: number; readonly refit?: RefitPlan | undefined };
  readonly tasks: TaskRunner;
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

/** Adds all sums, in the order of the participants, and solves for the layer. */
export async function solveRefit(round: number, workshop: Omit<RefitWorkshop, 'tasks'>): Promise<RoundEvent> {
  const { store } = workshop;
  const { features, lambda } = refitOf(workshop);
  const { contributed, closed } = recordOf(round, workshop);
  const size = features.features + 1;
  const total = emptySums(size, features.classes);
  for (const participant of closed.features?.counted ?? []) {
    const { sha256 } = contributed.features?.get(participant) ?? {};
    if (sha256 === undefined) throw new Error(`internal: the features of "${participant}" are not in`);
    addSums(total, unpackSums(await store.get({ type: 'features', round, participant }, sha256)));
  }
  const solution = packSolution(features, ridgeSolution(total, size, lambda));
  const sha256 = await store.put({ type: 'solution', round }, solution);
  return { type: 'computed', round, phase: 'solve', sha256 };
}

/** Makes the model of the mix with the least loss over all participants. */
export async function refit(round: number, workshop: RefitWorkshop): Promise<RoundEvent> {
  const { plan, tasks, store } = workshop;
  const { features } = refitOf(workshop);
  const record = recordOf(round, workshop);
  const mix = chosenMix(record);
  const [base, solution] = [await refittedModel(round, workshop), await solutionOf(round, workshop)];
  const model = withLastLayer(base, features, unpackSolution(solution), mix);
  const role = { type: 'refitted', round } as const;
  const sha256 = await store.put(role, model);
  // Read back from the store, since its codec may have rounded it.
  const copied = await store.get(role, sha256);
  const metrics = await evaluateInParts(tasks, copied.data, 'test', plan.testExamples);
  return { type: 'refitted', round, sha256, ...mix, test: figuresOf(metrics) };
}

/** The model whose last layer is refitted. */
export function refittedModel(round: number, workshop: Omit<RefitWorkshop, 'tasks'>): Promise<StateDict> {
  const { merged } = recordOf(round, workshop);
  if (merged === undefined) throw new Error(`internal: round ${round} has no merged model yet`);
  return refitOf(workshop).of === 'average' && merged.average !== undefined
    ? workshop.store.get({ type: 'average', round }, merged.average)
    : workshop.store.get({ type: 'merged', round }, merged.sha256);
}

export function solutionOf(round: number, workshop: Omit<RefitWorkshop, 'tasks'>): Promise<StateDict> {
  const { solve } = recordOf(round, workshop).computed;
  if (solve === undefined) throw new Error(`internal: round ${round} has no solution yet`);
  return workshop.store.get({ type: 'solution', round }, solve);
}

export function refitOf({ plan }: Pick<RefitWorkshop, 'plan'>): RefitPlan {
  if (plan.refit === undefined) throw new Error('internal: this run refits nothing');
  return plan.refit;
}

function recordOf(round: number, { rounds }: Pick<RefitWorkshop, 'rounds'>): RoundRecord {
  const record = rounds[round - 1];
  if (record === undefined) throw new Error(`internal: there is no round ${round} yet`);
  return record;
}
