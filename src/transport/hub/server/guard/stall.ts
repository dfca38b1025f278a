/**
 * Ends a transfer that hardly moves, since it holds a connection, a file and a place like any
 * other.
 */
import type { HubLimits } from './limits.js';

export type StallLimits = Pick<HubLimits, 'stallMs' | 'stallBytes'>;

/**
 * @param movedBytes the bytes that have moved so far; undefined while we are not waiting for the
 *   other side
 * @returns a function that ends the watch
 */
export function watchForStall(
  { stallMs, stallBytes }: StallLimits,
  movedBytes: () => number | undefined,
  onStall: () => void,
): () => void {
  let before = movedBytes() ?? 0;
  const timer = setInterval(() => {
    const moved = movedBytes();
    if (moved === undefined) return;
    if (moved - before < stallBytes) {
      clearInterval(timer);
      onStall();
    }
    before = moved;
  }, stallMs);
  return () => clearInterval(timer);
}
