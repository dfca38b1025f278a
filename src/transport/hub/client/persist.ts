/** Tries again until it works, with growing pauses, as long as another try can help. */
import { backoffMs, pause } from '../../backoff.js';
import type { TransportError } from '../../error.js';

export interface Persistence {
  /** Ends what is under way; its reason is thrown. */
  readonly over: AbortSignal;
  readonly onTrouble?: ((reason: string) => void) | undefined;
  /** The error for which there is no use in trying again, where it is one. */
  finalError(error: unknown): TransportError | undefined;
}

/** @throws TransportError what is final, or why it is over */
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
