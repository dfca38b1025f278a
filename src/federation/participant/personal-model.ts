/**
 * A participant's own model: the shared tensors from the coordinator, its own tensors, and the
 * frozen ones. If everything is shared, it is the merged model.
 */
import { encodeModel } from '../../engine/nn/model-file.js';
import { joinStates, type StateDict } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import { besideOwnTensors, OWN_TENSORS } from '../methods/own-tensors.js';
import { type CompiledFederation, personalDescription } from '../plan/compile-federation.js';
import type { KeptWork } from './kept/kept-update.js';
import type { Rollbacks } from './kept/own-states.js';

export interface PersonalModel {
  /**
   * Carries out tasks on shared states, together with this participant's own tensors after a round.
   */
  tasksAfter(tasks: TaskRunner, round: number, rollbacks: Rollbacks | undefined): Promise<TaskRunner>;
  /**
   * The file of the model, with the own tensors of the last update that counts.
   * @param made the constants that were made before round 1, if there are some
   */
  file(shared: StateDict, rollbacks: Rollbacks | undefined, made: StateDict | undefined): Promise<Uint8Array>;
}

export function personalModel(
  { own, frozen, model }: CompiledFederation,
  participant: string,
  kept: KeptWork,
): PersonalModel {
  const before = async (round: number, rollbacks: Rollbacks = []) =>
    own && ((await kept.ownBefore(OWN_TENSORS, round, rollbacks)) ?? own.initial(participant));
  return {
    async tasksAfter(tasks, round, rollbacks) {
      const tensors = await before(round + 1, rollbacks);
      return own && tensors ? besideOwnTensors(tasks, own.layout, tensors) : tasks;
    },
    async file(shared, rollbacks, made) {
      const tensors = await before(Infinity, rollbacks);
      const state = own && tensors ? joinStates(own.layout.whole, shared, tensors) : shared;
      return encodeModel(frozen?.complete(state, made) ?? state, personalDescription(model));
    },
  };
}
