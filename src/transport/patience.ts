import type { Waits } from './waits.js';

/** Who waits while there is no connection yet, and hears of one that is lost. */
export interface Patience {
  /** Gives up the waiting. Who takes part says goodbye first, and then closes. */
  readonly signal?: AbortSignal | undefined;
  /** What failed and is tried again, in words. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** There is a connection (again). */
  readonly onConnected?: (() => void) | undefined;
  /** Limits of single waits, where they are to be others. */
  readonly waits?: Partial<Waits> | undefined;
}
