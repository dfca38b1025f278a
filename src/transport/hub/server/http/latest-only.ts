/**
 * Runs one piece of work at a time for each name. A later one aborts the one before, and begins
 * when that has ended.
 */

export interface LatestOnly {
  run(name: string, work: (signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Aborts all work, and waits until it has ended. */
  endAll(): Promise<void>;
}

interface Running {
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export function latestOnly(): LatestOnly {
  const running = new Map<string, Running>();
  return {
    async run(name, work) {
      for (let other = running.get(name); other !== undefined; other = running.get(name)) {
        other.abort.abort();
        await other.done.catch(() => undefined);
      }
      const abort = new AbortController();
      const done = work(abort.signal);
      running.set(name, { abort, done });
      try {
        await done;
      } finally {
        running.delete(name);
      }
    },
    async endAll() {
      const all = [...running.values()];
      for (const { abort } of all) abort.abort();
      await Promise.allSettled(all.map(({ done }) => done));
    },
  };
}
