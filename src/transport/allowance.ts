/** A token bucket: so many events a second on average, and some at once. */

/** @returns a function that says whether one more is allowed now */
export function allowance(perSecond: number, atOnce: number, now = () => performance.now()): () => boolean {
  let left = atOnce;
  let last = now();
  return () => {
    const time = now();
    left = Math.min(atOnce, left + ((time - last) * perSecond) / 1000);
    last = time;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
