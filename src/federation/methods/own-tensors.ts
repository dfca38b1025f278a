/**
 * Tensors that stay with their owner from round to round, while the others are merged: a last layer
 * of one's own (FedPer, Arivazhagan et al. 2019, https://arxiv.org/abs/1912.00818), or norms
 * (FedBN, Li et al. 2021, https://arxiv.org/abs/2102.07623). `share` names those that travel.
 *
 *     a participant's state = the shared tensors, as they were merged last
 *                           + its own, as its last update left them
 *
 * Updates, merges, strategies, attacks and methods know the shared tensors only. What stays is kept
 * as SCAFFOLD's control variate is: by a method, which has no attachment.
 */
import { idlePattern, matchesAny, nearestToPattern } from '../../base/patterns.js';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';
import {
  joinStates,
  layoutSize,
  partOfState,
  type StateDict,
  type StateLayout,
  stateLayout,
} from '../../tensor/state-dict.js';
import type { LocalResult } from '../../training/local-training.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { Method } from './method.js';

/** Names what a participant keeps in stores. */
export const OWN_TENSORS = 'tensors';

/** The tables of the state that training carries, and of its two parts, each in the same order. */
export interface SplitLayout {
  readonly whole: StateLayout;
  readonly shared: StateLayout;
  readonly own: StateLayout;
}

export interface OwnTensors {
  readonly layout: SplitLayout;
  /** What a participant has before its first update. */
  initial(participant: string): StateDict;
}

/**
 * Undefined where everything is shared.
 * @param whole the table of the state that training carries
 * @param share patterns of the names of those tensors that travel
 * @param source what errors call the configuration
 * @throws ConfigurationError when a pattern means no tensor, or nothing would be shared
 */
export function splitLayout(
  whole: StateLayout,
  share: readonly string[] | undefined,
  source: string,
): SplitLayout | undefined {
  if (share === undefined) return undefined;
  const names = whole.map(({ name }) => name);
  const idle = idlePattern(share, names);
  if (idle !== undefined) {
    const nearest = nearestToPattern(idle, names);
    throw new ConfigurationError(
      `${source}: the pattern "${idle}" in "share" matches no tensor of the state`,
      { hint: nearest === undefined ? `the state has ${names.join(', ')}` : `did you mean "${nearest}"?` },
    );
  }
  const part = (isShared: boolean) =>
    stateLayout(
      whole
        .filter(({ name }) => matchesAny(name, share) === isShared)
        .map(({ name, shape }) => [name, shape]),
    );
  const own = part(false);
  return own.length === 0 ? undefined : { whole, shared: part(true), own };
}

/** Keeps what stays, and sends nothing. */
export const keepOwnTensors = (): Method => ({
  name: OWN_TENSORS,
  title: 'own tensors',
  keeps: 'own tensors of the model',
  bound: {},
  carries: () => true,
  async compute({ participant, kept }) {
    if (kept === undefined) throw new Error(`internal: "${participant}" has no tensors of its own`);
    return { own: kept };
  },
});

/** The whole state. */
export const withOwnTensors = (
  { whole, shared }: SplitLayout,
  data: Float32Array,
  own: StateDict,
): StateDict => joinStates(whole, { layout: shared, data }, own);

/** A training that says what became of the tensors that stay. */
export interface KeepingRunner extends TaskRunner {
  train(...task: Parameters<TaskRunner['train']>): Promise<LocalResult & { readonly kept: StateDict }>;
}

/**
 * Carries out tasks on states of the shared tensors: those of the participant are put beside them.
 */
export function besideOwnTensors(tasks: TaskRunner, layout: SplitLayout, own: StateDict): KeepingRunner {
  const whole = (data: Float32Array) => withOwnTensors(layout, data, own).data;
  const part = (data: Float32Array, of: StateLayout) => partOfState({ layout: layout.whole, data }, of);
  return {
    async train({ base, work, ...task }, onProgress, signal) {
      const { controlDrift } = work;
      // What is in no common control variate is not corrected.
      const drift =
        controlDrift &&
        withOwnTensors(layout, controlDrift, {
          layout: layout.own,
          data: new Float32Array(layoutSize(layout.own)),
        }).data;
      const given = { ...task, base: whole(base), work: { ...work, ...(drift && { controlDrift: drift }) } };
      const { state, ...result } = await tasks.train(given, onProgress, signal);
      return { ...result, state: part(state, layout.shared).data, kept: part(state, layout.own) };
    },
    evaluate: ({ state, ...task }, signal) => tasks.evaluate({ ...task, state: whole(state) }, signal),
    async mean({ state, ...task }, signal) {
      const mean = await tasks.mean?.({ ...task, state: whole(state) }, signal);
      if (mean === undefined) throw new Error(`internal: the mean of ${task.of} cannot be computed`);
      return part(mean, layout.shared).data;
    },
    stop: () => tasks.stop(),
  };
}
