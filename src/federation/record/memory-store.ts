/** A store in memory, which ends with the process. */
import type { StateDict } from '../../tensor/state-dict.js';
import { FederationError } from '../error.js';
import type { RoundEvent } from '../rounds/round-events.js';
import type { RunStore, StateRole } from '../rounds/run-store.js';
import { plainCoding, type StateCoding } from './state-coding.js';

/** @param digest the SHA-256 of bytes, in hex: Node and browsers have their own. */
export function memoryStore(
  digest: (bytes: Uint8Array) => string,
  coding: StateCoding = plainCoding,
): RunStore {
  const events: RoundEvent[] = [];
  const states = new Map<string, StateDict>();
  const keyOf = (role: StateRole) => JSON.stringify(role);
  return {
    events,
    append: async (event) => void events.push(event),
    async put(role, state, base) {
      states.set(keyOf(role), coding.asRead(role, state, base));
      return digest(coding.encode(role, state, base));
    },
    async get(role) {
      const state = states.get(keyOf(role));
      if (state === undefined)
        throw new FederationError(`federation: the ${role.type} of round ${role.round} is gone`);
      return state;
    },
    // No report reads this run later.
    keepDetails: async () => {},
    discard: async (role) => void states.delete(keyOf(role)),
  };
}
