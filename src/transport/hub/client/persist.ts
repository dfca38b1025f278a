/** Tries again with growing pauses until it works, as long as another try can help. */
import { backoffMs, pause } from '../../backoff.js';
import type { TransportError } from '../../error.js';

export interface Persistence {
  /** Ends the tries; its reason is thrown. */
  readonly over: AbortSignal;
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** The error to throw if trying again would not help; undefined otherwise. */
  finalError(error: unknown): TransportError | undefined;
}

/** @throws TransportError when trying again would not help, or the channel is closed */
export type Persist = <Result>(what: string, once: () => Promise<Result>) => Promise<Result>;

export const persistence =
  ({ over, onTrouble, finalError }: Persistence): Persist =>
  async (what, once) => {
    for (let attempt = 0; ; attempt++) {
      if (over.aborted) throw over.reason;
      try {
        return await once();
      } catch (error) {
        if (over.aborted) throw over.reason;
        const final = finalError(error);
        if (final !== undefined) throw final;
        onTrouble?.(`${what}: ${(error as Error).message}`);
      }
      await pause(backoffMs(attempt), over);
    }
  };
