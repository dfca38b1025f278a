/**
 * Waits for work that cannot be stopped, unless a signal aborts the wait. The work then continues
 * unobserved.
 */
import { InterruptedError } from './interrupted.js';

/** @throws InterruptedError when the signal comes first */
export function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new InterruptedError('interrupted'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    result.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
