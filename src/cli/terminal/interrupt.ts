import { InterruptedError } from '../../base/interrupted.js';

/**
 * Ctrl-C and SIGTERM: the first ends the work between two steps, the second ends the program at
 * once.
 */
export interface InterruptWatch {
  readonly signal: AbortSignal;
  stop(): void;
}

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Whether an error is that of work that was given up, here or in a download. */
export const isAbort = (error: unknown) =>
  error instanceof InterruptedError || (error instanceof Error && error.name === 'AbortError');

/** @param onInterrupt called at the first signal */
export function watchInterrupts(onInterrupt: () => void = () => {}): InterruptWatch {
  const controller = new AbortController();
  const stop = () => {
    for (const name of signals) process.off(name, receive);
  };
  const receive = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      // Ends by the signal's default action: an orderly exit would wait for threads in the middle
      // of a step.
      stop();
      process.kill(process.pid, name);
      return;
    }
    controller.abort();
    onInterrupt();
  };
  for (const name of signals) process.on(name, receive);
  return { signal: controller.signal, stop };
}
