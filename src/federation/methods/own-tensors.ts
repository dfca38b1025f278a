/**
 * Tensors that stay with their participant from round to round, while the others are merged: a last
 * layer (FedPer, Arivazhagan et al. 2019, https://arxiv.org/abs/1912.00818), or norms (FedBN, Li et
 * al. 2021, https://arxiv.org/abs/2102.07623). `share` names the tensors that travel.
 *
 *     a participant's state = the shared tensors, as they were merged last
 *                           + its own, as its last update left them
 *
 * Updates, merges, strategies, attacks and other methods see only the shared tensors. The own
 * tensors are kept like SCAFFOLD's control variate: by a method, here one without an attachment.
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

/** The name of a participant's own tensors in stores. */
export const OWN_TENSORS = 'tensors';

/** The layouts of the whole state and of its two parts, in the same order. */
export interface SplitLayout {
  readonly whole: StateLayout;
  readonly shared: StateLayout;
  readonly own: StateLayout;
}

export interface OwnTensors {
  readonly layout: SplitLayout;
  /** The own tensors of a participant before its first update. */
  initial(participant: string): StateDict;
}

/**
 * Splits a layout by the setting `share`; undefined if everything is shared.
 * @param whole the layout of the whole state
 * @param share patterns of the names of the shared tensors
 * @param source the name of the configuration in errors
 * @throws ConfigurationError when a pattern matches no tensor, or nothing would be shared
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

/** The method that keeps a participant's own tensors, and sends nothing. */
export const keepOwnTensors = (): Method => ({
  name: OWN_TENSORS,
  title: 'own tensors',
  keeps: 'own tensors of the model',
  carries: () => true,
  async compute({ participant, kept }) {
    if (kept === undefined) throw new Error(`internal: "${participant}" has no tensors of its own`);
    return { own: kept };
  },
});

/** The whole state: shared and own tensors together. */
export const withOwnTensors = (
  { whole, shared }: SplitLayout,
  data: Float32Array,
  own: StateDict,
): StateDict => joinStates(whole, { layout: shared, data }, own);

/** A task runner that also has the own tensors after training. */
export interface KeepingRunner extends TaskRunner {
  train(...task: Parameters<TaskRunner['train']>): Promise<LocalResult & { readonly kept: StateDict }>;
}

/** Carries out tasks on shared states, by adding the participant's own tensors to them. */
export function besideOwnTensors(tasks: TaskRunner, layout: SplitLayout, own: StateDict): KeepingRunner {
  const whole = (data: Float32Array) => withOwnTensors(layout, data, own).data;
  const part = (data: Float32Array, of: StateLayout) => partOfState({ layout: layout.whole, data }, of);
  return {
    async train({ base, work, ...task }, onProgress, signal) {
      const { controlDrift } = work;
      // Own tensors have no common control variate, so they are not corrected.
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
