/**
 * Ends a transfer that does not move. A transfer that trickles holds a connection, a file and a
 * place as others do.
 */
import type { HubLimits } from './limits.js';

export type StallLimits = Pick<HubLimits, 'stallMs' | 'stallBytes'>;

/**
 * @param movedBytes how many have moved so far; nothing while it is not the other side that is
 *   waited for
 * @returns what ends the watch
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
