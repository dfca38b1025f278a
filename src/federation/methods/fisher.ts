/**
 * The Fisher information, an attachment that a strategy such as fisher-mean needs with every update
 * (`merge/strategies/fisher-mean.ts`). It is computed at the trained weights, on examples of the
 * participant's own training data that are drawn anew in every round.
 */

import { randomStream } from '../../base/random.js';
import { compileFisherPlan } from '../../engine/nn/fisher-plan.js';
import type { StateDict } from '../../tensor/state-dict.js';
import { DivergedError } from '../../training/error.js';
import type { MeanTask } from '../../training/tasks.js';
import type { Method, MethodRound } from './method.js';

export const FISHER = 'fisher';

/**
 * @param examples the number of its examples on which a participant computes it; all, if it has
 *   fewer
 */
export const fisherMethod = (examples: number): Method => ({
  name: FISHER,
  title: 'Fisher information',
  leaves: `the mean squared gradients of ${examples} examples`,
  bound: { least: 0 },
  plan: compileFisherPlan,
  async compute(round) {
    const { participant, layout, tasks, signal } = round;
    if (tasks.mean === undefined) {
      throw new Error(`internal: the Fisher information of "${participant}" cannot be computed`);
    }
    const data = await tasks.mean(fisherTask(round, examples), signal);
    const attachment = { layout, data };
    checkFisher(attachment, round);
    return { attachment };
  },
});

function fisherTask(
  { round, participant, work: { seed }, state, train }: MethodRound,
  examples: number,
): MeanTask {
  const order = randomStream(seed, participant, round, 'Fisher examples').permutation(train.length);
  return {
    type: 'mean',
    of: FISHER,
    state,
    indices: order.slice(0, examples).map((place) => train[place] as number),
    signs: [seed, participant, round, 'Fisher signs'],
  };
}

/** @throws DivergedError that names the first value that cannot be a mean of squares */
function checkFisher(
  { layout, data }: StateDict,
  { round, participant }: Pick<MethodRound, 'round' | 'participant'>,
): void {
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
