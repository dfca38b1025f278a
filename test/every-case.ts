/**
 * Cases that repeat the way of one that is always tried: `npm test` tries the first few,
 * `npm run test:full` all of them.
 */
import { inject, it, type TestFunction } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Set by `vitest.full.config.ts`, which runs every file that imports this module. */
    readonly everyCase: boolean;
  }
}

/** Whether every case is tried. */
export const everyCase = inject('everyCase') === true;

/** The first `count` cases, or all. */
export const some = <T>(cases: readonly T[], count = 1): T[] => cases.slice(0, everyCase ? undefined : count);

/** A test of its own among the longer ones. */
export function itAtLength(name: string, test: TestFunction): void {
  if (everyCase) it(name, test);
}
