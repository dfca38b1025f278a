/**
 * What no step changes: frozen weights, and constants. Most are known when a run is prepared. Some
 * are made by a phase before round 1 (`federated-survey.ts`), or by each participant
 * (`site-statistics.ts`). From then on every task and every whole model has
 * them.
 */
import { layoutSize, type StateDict, type StateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import type { RoundRecord } from '../rounds/round.js';
import type { RunStore } from '../rounds/run-store.js';
import { constantsOf } from '../rounds/survey-phases.js';

export interface FrozenWeights {
  /** Of all of it. */
  readonly layout: StateLayout;
  /** The constants that the phase makes. */
  readonly made: StateLayout;
  /** Whether all of it is known before. */
  readonly isKnown: boolean;
  /** What is known before; undefined if all of it is made. */
  readonly known: StateDict | undefined;
  /**
   * All of it.
   * @param made the constants that are made, if some are
   * @param beside a vector of all of it, with other constants that are made
   */
  whole(made: StateDict | undefined, beside?: Float32Array): StateDict;
  /**
   * A state with it: the whole model, where it is a whole state. Adapters are merged into it.
   * Without constants that each participant makes for itself, it is the common part of their
   * models.
   */
  complete(state: StateDict, made: StateDict | undefined): StateDict;
}

/** The values that workers get at their start; undefined if tasks bring them. */
export const frozenAtStart = (frozen: FrozenWeights | undefined): Float32Array | undefined =>
  frozen?.isKnown ? frozen.known?.data : undefined;

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

/**
 * Carries out tasks with constants that were made, if there are some. Where a participant makes
 * some and the phase others, each are put around the tasks.
 */
export const withMadeConstants = (
  tasks: TaskRunner,
  frozen: FrozenWeights | undefined,
  made: StateDict | undefined,
): TaskRunner => (frozen && made ? besideFrozen(tasks, frozen, made) : tasks);

function besideFrozen(tasks: TaskRunner, frozen: FrozenWeights, made: StateDict): TaskRunner {
  const { sumFeatures, mean, survey } = tasks;
  // A step with a constant that nobody made has no loss.
  const unknown = new Float32Array(layoutSize(frozen.layout)).fill(Number.NaN);
  const alone = frozen.whole(made, unknown).data;
  const holding = <T extends { readonly frozen?: Float32Array | undefined }>(task: T): T => ({
    ...task,
    frozen: task.frozen === undefined ? alone : frozen.whole(made, task.frozen).data,
  });
  return {
    train: (task, ...more) => tasks.train(holding(task), ...more),
    evaluate: (task, ...more) => tasks.evaluate(holding(task), ...more),
    ...(sumFeatures && { sumFeatures: (task) => sumFeatures.call(tasks, holding(task)) }),
    ...(mean && { mean: (task, ...more) => mean.call(tasks, holding(task), ...more) }),
    ...(survey && { survey: (...of) => survey.apply(tasks, of) }),
    stop: () => tasks.stop(),
  };
}
