/**
 * A participant's own model: the shared tensors from the coordinator, its own tensors and
 * statistics, and what is frozen. If everything is shared, it is the merged model.
 */
import { encodeModel } from '../../engine/nn/model-file.js';
import { joinStates, type StateDict } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import { besideOwnTensors, OWN_TENSORS } from '../methods/own-tensors.js';
import { STATISTICS } from '../methods/site-statistics.js';
import { type CompiledFederation, personalDescription } from '../plan/compile-federation.js';
import type { KeptWork } from './kept/kept-update.js';
import type { Rollbacks } from './kept/own-states.js';
import type { OwnData } from './own-data.js';

/** What makes a whole model of the shared tensors, beside a participant's own. */
export interface BesideTheModel {
  readonly rollbacks: Rollbacks | undefined;
  /** The constants that were made before round 1, if there are some. */
  readonly made: StateDict | undefined;
  /** The probability from which on the second category is predicted, if one was chosen. */
  readonly cutOff?: number | undefined;
}

export interface PersonalModel {
  /**
   * Carries out tasks on shared states, together with this participant's own tensors and statistics
   * after a round.
   */
  tasksAfter(tasks: TaskRunner, round: number, rollbacks: Rollbacks | undefined): Promise<TaskRunner>;
  /**
   * The file of the model, with the own tensors of the last update that counts. Undefined if its
   * statistics cannot be known here: none are kept, and the rows are not there.
   */
  file(shared: StateDict, beside: BesideTheModel): Promise<Uint8Array | undefined>;
}

/** @param here the participant's rows; undefined if it has not started */
export function personalModel(
  { own, frozen, model, statistics }: CompiledFederation,
  participant: string,
  kept: KeptWork,
  here?: { readonly data: OwnData; readonly tasks: TaskRunner },
): PersonalModel {
  const before = async (round: number, rollbacks: Rollbacks = []) =>
    own && ((await kept.ownBefore(OWN_TENSORS, round, rollbacks)) ?? own.initial(participant));
  const statisticsBefore = async (round: number, rollbacks: Rollbacks = []) =>
    (await kept.ownBefore(STATISTICS, round, rollbacks)) ??
    (here && statistics?.of(here.data.share.train, here.tasks));
  return {
    async tasksAfter(tasks, round, rollbacks) {
      const constants = statistics && (await statisticsBefore(round + 1, rollbacks));
      const prepared = constants ? statistics.with(tasks, constants) : tasks;
      const tensors = await before(round + 1, rollbacks);
      return own && tensors ? besideOwnTensors(prepared, own.layout, tensors) : prepared;
    },
    async file(shared, { rollbacks, made, cutOff }) {
      const constants = statistics === undefined ? made : await statisticsBefore(Infinity, rollbacks);
      if (statistics !== undefined && constants === undefined) return undefined;
      const tensors = await before(Infinity, rollbacks);
      const state = own && tensors ? joinStates(own.layout.whole, shared, tensors) : shared;
      const description = { ...personalDescription(model), ...(cutOff !== undefined && { cutOff }) };
      return encodeModel(frozen?.complete(state, constants) ?? state, description);
    },
  };
}
