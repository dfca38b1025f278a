/**
 * Statistics of each participant's own training rows, where `preprocessing.statistics` is "site":
 * it standardizes, imputes and clips its numbers by them. They are the constants that a survey
 * would give if the participant were alone and nothing were hidden. They leave it with nothing: no
 * survey asks for them, and no update has them. A participant keeps them like tensors of its own
 * (`own-tensors.ts`), from its first update that counts. Before that they follow from its rows.
 */
import type { Dataset } from '../../data/dataset.js';
import { ownAnswer } from '../../data/survey/own-answer.js';
import { surveyOf } from '../../data/survey/survey.js';
import type { StateDict } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import { type FrozenWeights, withMadeConstants } from './frozen-weights.js';
import type { Method } from './method.js';
import { constantsState, type PreprocessingPlan, surveyedConstants } from './preprocessing.js';

/** The name of a participant's own statistics in stores. */
export const STATISTICS = 'statistics';

type Surveying = Pick<TaskRunner, 'survey'>;

export interface SiteStatistics {
  /** The constants of these rows of the workers' training set. */
  of(rows: Uint32Array, tasks: Surveying, signal?: AbortSignal): Promise<StateDict>;
  /** Carries out tasks with such constants. */
  with(tasks: TaskRunner, constants: StateDict): TaskRunner;
}

export function siteStatistics(
  plan: PreprocessingPlan | undefined,
  frozen: FrozenWeights | undefined,
): SiteStatistics | undefined {
  if (plan?.settings.statistics !== 'site') return undefined;
  return {
    async of(rows, tasks, signal) {
      const answer = await tasks.survey?.({ type: 'survey', rows, smallestCount: 1 }, signal);
      if (answer === undefined) throw new Error('internal: nobody computes statistics here');
      return constantsState(surveyedConstants(plan, [answer]));
    },
    with: (tasks, constants) => withMadeConstants(tasks, frozen, constants),
  };
}

/** Computes statistics in this thread, for a participant that never trained. */
export const surveyHere = (train: Dataset): Surveying => ({
  survey: async ({ rows, smallestCount }) => ownAnswer(surveyOf(train), train, rows, smallestCount),
});

/** The method that keeps a participant's own statistics, and sends nothing. */
export const keepStatistics = (): Method => ({
  name: STATISTICS,
  title: 'own statistics',
  keeps: 'statistics of its own rows',
  carries: () => true,
  async compute({ participant, own }) {
    if (own === undefined) throw new Error(`internal: "${participant}" has no statistics of its own`);
    return { own };
  },
});
