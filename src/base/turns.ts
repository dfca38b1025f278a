/**
 * Gives other work of a thread its turn: long work is cut into pieces, and the event loop runs
 * between two of them.
 */

/** The longest time that other work of this thread waits, besides the length of one piece. */
const TURN_MS = 5;

/**
 * Gives other work a turn when it is due, and always the first time. @throws the signal's reason
 * once it is aborted.
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

/** Browsers have no setImmediate, and delay nested timers by four milliseconds. */
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
