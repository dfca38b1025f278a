/**
 * Reports values at most once per interval: the first value at once, then the last value of each
 * interval at its end.
 */

export interface Throttled<Value> {
  tell(value: Value): void;
  /** Reports nothing more. */
  close(): void;
}

export function throttled<Value>(tell: (value: Value) => void, intervalMs: number): Throttled<Value> {
  let pending: { readonly value: Value } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = () => {
    timer = undefined;
    if (pending === undefined) return;
    const { value } = pending;
    pending = undefined;
    timer = setTimeout(next, intervalMs);
    tell(value);
  };
  return {
    tell(value) {
      pending = { value };
      if (timer === undefined) next();
    },
    close() {
      clearTimeout(timer);
      pending = undefined;
    },
  };
}
