/**
 * How many times slower this machine is than the one by which limits of time were set, measured by
 * a piece of work that is always the same. A limit times that says something of the program, and
 * nothing of the machine.
 */

/** What the work takes on a core of 3 GHz that has nothing else to do. */
const REFERENCE_MS = 12;
const TIMES = 5;

/** By time on a core, of which others take nothing: at least 1. */
export function slowProcessor(): number {
  return Math.max(1, Math.min(...measured(processorMs)) / REFERENCE_MS);
}

/** By the clock, and so with the others that want the same cores now: at least 1. */
export function slowClock(): number {
  return Math.max(1, ...measured(() => performance.now()).map((ms) => ms / REFERENCE_MS));
}

/** Of this process, all its threads together. */
export function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function measured(clock: () => number): number[] {
  return Array.from({ length: TIMES }, () => {
    const began = clock();
    work();
    return clock() - began;
  });
}

function work(): void {
  let x = 1;
  for (let i = 0; i < 10_000_000; i++) x = (Math.imul(x, 1_664_525) + 1_013_904_223) | 0;
  if (x === 0) throw new Error('internal: these numbers never come to 0');
}
