import type { Waits } from './waits.js';

/** How a client waits for a connection, and is told of a lost one. */
export interface Patience {
  /** Gives up the waiting. A participant says goodbye first, and then closes. */
  readonly signal?: AbortSignal | undefined;
  /** Told in words what failed and is tried again. */
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** Called when there is a connection (again). */
  readonly onConnected?: (() => void) | undefined;
  /** Other limits for single waits. */
  readonly waits?: Partial<Waits> | undefined;
}
