/**
 * Records that another coordinator has taken the lead: it tells all listeners once, and ends the
 * work of this one.
 */
import { FencedError } from '../../error.js';

export interface Fence {
  /**
   * Another coordinator leads with this epoch. @returns the error with which everything under this
   * lead ends
   */
  raise(epoch: number): FencedError;
  /** The error, if another coordinator leads. */
  error(): FencedError | undefined;
  /** Calls back once, at once if it has happened already. */
  onRaised(act: (error: FencedError) => void): void;
}

/** @param onFirst called before all listeners */
export function openFence(job: string, onFirst: () => void): Fence {
  const listeners: ((error: FencedError) => void)[] = [];
  let fenced: FencedError | undefined;
  return {
    raise(epoch) {
      if (fenced !== undefined) return fenced;
      fenced = fencedBy(job, epoch);
      onFirst();
      for (const listener of listeners) listener(fenced);
      return fenced;
    },
    error: () => fenced,
    onRaised(act) {
      listeners.push(act);
      if (fenced !== undefined) act(fenced);
    },
  };
}

export const fencedBy = (job: string, epoch: number) =>
  new FencedError(`nats: another coordinator leads ${job} since epoch ${epoch}`, {
    hint: 'stop this one; what it has not published does not count',
  });
