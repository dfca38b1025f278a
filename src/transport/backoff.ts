/**
 * The pause before the next try: twice as long each time, with a random part, so that many clients
 * do not try at the same moment.
 */

const firstMs = 100;
const longestMs = 5000;

/** @param attempt from 0 */
export const backoffMs = (attempt: number, random = Math.random) =>
  Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 20)) * (0.5 + random() / 2);

/** Resolves after a while, or at once when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
