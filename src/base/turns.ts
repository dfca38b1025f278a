/**
 * Gives other work of a thread its turn: long work is cut into pieces, and the event loop runs
 * between two of them.
 */

/** How long others of this thread wait, and what one piece takes besides. */
const TURN_MS = 5;

/**
 * Lets others have a turn, where it is due; the first time it always is. @throws the signal's
 * reason, once it is aborted.
 */
export type TakeTurn = () => Promise<void>;

export function turnTaker(signal?: AbortSignal): TakeTurn {
  let turned = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - turned < TURN_MS) return;
    await turn();
    turned = performance.now();
    signal?.throwIfAborted();
  };
}

/** Browsers have no setImmediate, and let a timer wait four milliseconds where there are many. */
const turn = () =>
  new Promise<void>((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
