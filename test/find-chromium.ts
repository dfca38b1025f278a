/**
 * Before all tests, once for all projects: finds Chromium. Where there is none, the tests of pages
 * are skipped with one line.
 */
import type { TestProject } from 'vitest/node';
import { CHROMIUM, requires } from './requires.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Empty where there is none. */
    readonly chromium: string;
  }
}

/** @throws Error with CI=true, when there is none */
export default function findChromium({ provide }: TestProject): void {
  provide('chromium', requires({ ...CHROMIUM, neededFor: 'the pages in a browser' }) ?? '');
}
