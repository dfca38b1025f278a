/** A value that is replaced from time to time, for readers that need only the current one. */

export interface LatestValue<Value> {
  set(value: Value): void;
  /**
   * The current value, if there is one, then each value that is current when the reader asks for
   * the next. Ends with `end`.
   */
  read(): AsyncIterable<Value>;
  /** With an error, reading throws it. */
  end(error?: Error): void;
}

export function latestValue<Value>(): LatestValue<Value> {
  let current: { readonly value: Value } | undefined;
  let ended = false;
  let failure: Error | undefined;
  let waiting: (() => void)[] = [];
  const wake = () => {
    const readers = waiting;
    waiting = [];
    for (const reader of readers) reader();
  };
  return {
    set(value) {
      current = { value };
      wake();
    },
    async *read() {
      let seen: typeof current;
      while (!ended) {
        if (current === seen) {
          await new Promise<void>((resolve) => waiting.push(resolve));
        } else if (current !== undefined) {
          seen = current;
          yield current.value;
        }
      }
      if (failure !== undefined) throw failure;
    },
    end(error) {
      ended = true;
      failure = error;
      wake();
    },
  };
}
