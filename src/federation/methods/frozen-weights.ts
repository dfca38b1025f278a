/**
 * What no step changes: frozen weights, and constants. Most are known when a run is prepared. Those
 * that prepare the numbers of a table are made by a phase before round 1 (`preprocessing.ts`), or
 * by each participant (`site-statistics.ts`). From then on every task and every whole model has
 * them.
 */
import type { StateDict, StateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RunStore } from '../rounds/run-store.js';
import { constantsOf } from '../rounds/survey-phases.js';

export interface FrozenWeights {
  /** The constants that are made. */
  readonly made: StateLayout;
  /** What is known before; undefined if all of it is made. */
  readonly known: StateDict | undefined;
  /**
   * All of it.
   * @param made the constants that are made, if some are
   */
  whole(made: StateDict | undefined): StateDict;
  /**
   * A state with it: the whole model, where it is a whole state. Without constants that each
   * participant makes for itself, it is the common part of their models.
   */
  complete(state: StateDict, made: StateDict | undefined): StateDict;
}

/** The values that workers get at their start; undefined if tasks bring them. */
export const frozenAtStart = (frozen: FrozenWeights | undefined): Float32Array | undefined =>
  frozen?.made.length === 0 ? frozen.known?.data : undefined;

interface MadeBefore {
  readonly store: RunStore;
  readonly rounds: readonly RoundRecord[];
}

/** The constants that the phase made; undefined if there are none, or not yet. */
export async function madeConstants({ store, rounds }: MadeBefore): Promise<StateDict | undefined> {
  const sha256 = constantsOf(rounds);
  return sha256 === undefined ? undefined : store.get({ type: 'constants', round: 1 }, sha256);
}

/** Passes the constants of the phase, once they are made, to every task. */
export function frozenTasks(tasks: TaskRunner, frozen: FrozenWeights | undefined) {
  let last: { readonly sha256: string; readonly tasks: Promise<TaskRunner> } | undefined;
  return async ({ store, rounds }: MadeBefore): Promise<TaskRunner> => {
    const sha256 = constantsOf(rounds);
    if (frozen === undefined || sha256 === undefined) return tasks;
    if (last?.sha256 !== sha256) {
      const made = madeConstants({ store, rounds });
      last = { sha256, tasks: made.then((constants) => withMadeConstants(tasks, frozen, constants)) };
    }
    return last.tasks;
  };
}

/** Carries out tasks with the constants of the phase, if there are some. */
export const withMadeConstants = (
  tasks: TaskRunner,
  frozen: FrozenWeights | undefined,
  made: StateDict | undefined,
): TaskRunner => (frozen && made ? besideFrozen(tasks, frozen.whole(made)) : tasks);

function besideFrozen(tasks: TaskRunner, { data: frozen }: StateDict): TaskRunner {
  const { sumFeatures, mean } = tasks;
  return {
    train: (task, ...more) => tasks.train({ ...task, frozen }, ...more),
    evaluate: (task, ...more) => tasks.evaluate({ ...task, frozen }, ...more),
    ...(sumFeatures && { sumFeatures: (task) => sumFeatures.call(tasks, { ...task, frozen }) }),
    ...(mean && { mean: (task, ...more) => mean.call(tasks, { ...task, frozen }, ...more) }),
    stop: () => tasks.stop(),
  };
}
