/**
 * The Fisher information, an attachment that a strategy such as fisher-mean needs with every update
 * (`merge/strategies/fisher-mean.ts`). It is computed at the trained weights, on examples of the
 * participant's own training data that are drawn anew in every round.
 */

import { randomStream } from '../../base/random.js';
import { compileFisherPlan } from '../../engine/nn/fisher-plan.js';
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
  // Squares of gradients, whose size is at most that of a control variate.
  bound: { least: 0, most: 1e8 },
  plan: compileFisherPlan,
  async compute(round) {
    const { participant, layout, tasks, signal } = round;
    if (tasks.mean === undefined) {
      throw new Error(`internal: the Fisher information of "${participant}" cannot be computed`);
    }
    const data = await tasks.mean(fisherTask(round, examples), signal);
    return { attachment: { layout, data } };
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
