/** Values that are told now and then: the first at once, of those that follow within the interval the last, at its end. */

export interface Throttled<Value> {
  tell(value: Value): void;
  /** Tells nothing more. */
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
