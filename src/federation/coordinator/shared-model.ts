/**
 * A store that reads a model once for all participants: the model that they train from or evaluate
 * is one array instead of one for each.
 */
import type { StateDict } from '../../tensor/state-dict.js';
import { isModel, type RunStore } from '../rounds/run-store.js';

/** Only the model that was read last is kept. Its values must not be changed. */
export function sharingModel(store: RunStore): RunStore {
  let last: { readonly key: string; readonly state: Promise<StateDict> } | undefined;
  return {
    ...store,
    get(role, sha256, base) {
      if (!isModel(role)) return store.get(role, sha256, base);
      const key = `${role.type} ${role.round} ${sha256}`;
      if (last?.key !== key) last = { key, state: store.get(role, sha256) };
      return last.state;
    },
  };
}
