/** Headless Chromium of the system, driven from Node. */
import { type Browser, chromium } from 'playwright';
import { inject } from 'vitest';

/** Undefined where there is none (find-chromium.ts), and tests are to be skipped. */
export const executablePath = inject('chromium') || undefined;

export const openBrowser = (args: readonly string[] = []): Promise<Browser> =>
  // A sandbox of its own needs rights that a container's root does not have.
  chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
