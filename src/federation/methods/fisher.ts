/**
 * The Fisher information that a strategy such as fisher-mean wants with every update: of the trained weights, on examples
 * of the participant's own training data that are drawn anew in every round. It is computed in rounds in which such a
 * strategy merges, and travels as a file beside the update.
 */

import { randomStream } from '../../base/random.js';
import { compileFisherPlan, type FisherOptions, type FisherPlan } from '../../engine/nn/fisher-plan.js';
import type { Update } from '../../merge/memory/merge.js';
import type { Strategy } from '../../merge/strategy.js';
import type { Configuration } from '../../protocol/configuration/configuration.js';
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { FisherTask, TaskRunner } from '../../training/tasks.js';
import type { UpdateRecord } from '../rounds/round-events.js';
import type { RunStore } from '../rounds/run-store.js';

export interface FisherRules {
  readonly plan: FisherPlan;
  /** Of how many of its examples a participant computes it; of all where it has fewer. */
  readonly examples: number;
}

export const needsFisher = ({ auxiliaries }: Strategy): boolean => auxiliaries?.includes('fisher') ?? false;

/** Nothing where no strategy wants it. */
export function fisherRulesOf(
  { fisherExamples: examples }: Configuration,
  strategies: readonly Strategy[],
  { network, inputs }: FisherOptions,
): FisherRules | undefined {
  if (!strategies.some(needsFisher)) return undefined;
  return { plan: compileFisherPlan({ network, inputs }), examples };
}

/** Why participants cannot compute what the strategy wants with every update. */
export function auxiliariesProblem(
  { auxiliaries = [] }: Strategy,
  { loss }: Pick<Configuration, 'loss'>,
): string | undefined {
  const unknown = auxiliaries.filter((name) => name !== 'fisher');
  if (unknown.length > 0) {
    return `needs the ${unknown.join(' and ')} of every update, which participants do not compute: merge files by it`;
  }
  if (auxiliaries.length > 0 && loss.name !== 'softmax-cross-entropy') {
    return `needs the Fisher information of softmax probabilities, but "loss" is "${loss.name}", expected softmax-cross-entropy`;
  }
  return undefined;
}

/** Whose it is, and when. */
interface Of {
  readonly round: number;
  readonly participant: string;
}

interface Trained {
  readonly seed: number;
  readonly state: Float32Array;
  /** The participant's training examples. */
  readonly train: Uint32Array;
  /** Those that merge in this round. */
  readonly strategies: readonly Strategy[];
}

/** The Fisher information of a trained state, where the round's merge wants it. */
export async function fisherOf(
  of: Of,
  trained: Trained,
  plan: { readonly layout: StateLayout; readonly fisher?: FisherRules | undefined },
  tasks: TaskRunner,
  signal?: AbortSignal,
): Promise<StateDict | undefined> {
  if (!trained.strategies.some(needsFisher)) return undefined;
  if (tasks.fisher === undefined || plan.fisher === undefined) {
    throw new Error(`internal: the Fisher information of "${of.participant}" cannot be computed`);
  }
  const data = await tasks.fisher(fisherTask(of, trained, plan.fisher.examples), signal);
  const fisher = { layout: plan.layout, data };
  checkFisher(fisher, of);
  return fisher;
}

function fisherTask(
  { round, participant }: Of,
  { seed, state, train }: Trained,
  examples: number,
): FisherTask {
  const order = randomStream(seed, participant, round, 'Fisher examples').permutation(train.length);
  return {
    type: 'fisher',
    state,
    indices: order.slice(0, examples).map((place) => train[place] as number),
    signs: [seed, participant, round, 'Fisher signs'],
  };
}

/** @throws DivergedError that names the first value that is no mean of squares. */
function checkFisher({ layout, data }: StateDict, { round, participant }: Of): void {
  for (const { name, offset, size } of layout) {
    const values = data.subarray(offset, offset + size);
    const bad = values.findIndex((value) => !(value >= 0 && value < Infinity));
    if (bad < 0) continue;
    throw new DivergedError(
      `federation: the Fisher information of "${participant}" in round ${round} is ${values[bad]} for "${name}" at index ${bad}, expected a finite number from 0`,
      { hint: 'try a smaller learning rate, a schedule with a warm-up, or "clipNorm"' },
    );
  }
}

/** What travels with an update, as a merge takes it. */
export async function auxiliariesOf(
  { participant, fisher }: UpdateRecord,
  round: number,
  store: RunStore,
): Promise<Pick<Update, 'auxiliaries'>> {
  if (fisher === undefined) return {};
  return { auxiliaries: { fisher: await store.get({ type: 'fisher', round, participant }, fisher) } };
}
