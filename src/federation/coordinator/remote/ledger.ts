/**
 * The state of a run, and the only way to change it: a fact is recorded, then it counts. Facts are
 * recorded one after the other, so each decision is based on all facts before it. If the store
 * cannot be written, the run ends in this process.
 */

import type { RoundRules, RunState } from '../../rounds/round.js';
import type { RoundEvent } from '../../rounds/round-events.js';
import { applyEvent, startRun } from '../../rounds/rounds.js';
import type { RunStore } from '../../rounds/run-store.js';

export interface Ledger {
  state(): RunState;
  /** Runs the action when those before it are done. @throws the error that ended the run */
  exclusively<Result>(action: () => Promise<Result>): Promise<Result>;
  /** Called within `exclusively`. */
  record(event: RoundEvent): Promise<void>;
  /** Ends recording, and wakes all who wait. */
  fail(error: unknown): void;
  /** @throws the error that ended the run, if it has ended */
  check(): void;
  /**
   * Resolves at the next `wake`. Call it before looking at the state, so that no change is missed.
   */
  woken(): Promise<void>;
  wake(): void;
}

export interface LedgerOptions {
  readonly rules: RoundRules;
  readonly store: RunStore;
  /** A fact has been recorded. */
  onEvent?(event: RoundEvent, state: RunState): void;
  /** Called afterwards: what no later step reads can be removed. */
  discardAfter?(event: RoundEvent, state: RunState): Promise<void>;
}

export function openLedger({ rules, store, onEvent, discardAfter }: LedgerOptions): Ledger {
  let state = store.events.reduce(applyEvent, startRun(rules));
  let failure: { readonly error: unknown } | undefined;
  let recording: Promise<unknown> = Promise.resolve();
  let wake = () => {};

  const check = () => {
    if (failure !== undefined) throw failure.error;
  };
  const fail = (error: unknown) => {
    failure ??= { error };
    wake();
  };
  return {
    state: () => state,
    exclusively<Result>(action: () => Promise<Result>) {
      const result = recording.then(() => {
        check();
        return action();
      });
      recording = result.catch(() => undefined);
      return result;
    },
    async record(event) {
      try {
        await store.append(event);
      } catch (error) {
        fail(error);
        throw error;
      }
      state = applyEvent(state, event);
      onEvent?.(event, state);
      wake();
      await discardAfter?.(event, state);
    },
    fail,
    check,
    woken: () =>
      new Promise<void>((resolve) => {
        wake = resolve;
      }),
    wake: () => wake(),
  };
}
