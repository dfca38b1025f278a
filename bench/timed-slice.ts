/** A slice of time in which one thing is done again and again. */

export interface Slice {
  readonly runs: number;
  readonly seconds: number;
  /** What the last run gave. */
  readonly last: number;
}

export async function timedSlice(run: () => Promise<number>, seconds: number): Promise<Slice> {
  const began = performance.now();
  let [runs, last, passed] = [0, 0, 0];
  do {
    last = await run();
    runs++;
    passed = (performance.now() - began) / 1000;
  } while (passed < seconds);
  return { runs, seconds: passed, last };
}
