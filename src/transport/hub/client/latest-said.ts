/** Sends the latest of values that come faster than they should be sent. */

/** @returns a function that takes a value, and one that ends the sending */
export function latestSaid<Value>(intervalMs: number, say: (value: Value) => void) {
  let next: { readonly value: Value } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const saying = () => {
    timer = undefined;
    if (next === undefined) return;
    say(next.value);
    next = undefined;
    timer = setTimeout(saying, intervalMs);
  };
  return {
    tell(value: Value) {
      next = { value };
      if (timer === undefined) saying();
    },
    end: () => clearTimeout(timer),
  };
}
