/**
 * A store that reads a model once for all who begin with it: what a round's training begins with,
 * or what every participant evaluates, is one array, and not one for each participant.
 */
import type { StateDict } from '../../tensor/state-dict.js';
import { isModel, type RunStore } from '../rounds/run-store.js';

/** The model read last is kept, and no other. Nobody changes its values. */
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
