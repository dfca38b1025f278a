/** Headless Chromium of the system, driven from Node. */
import { type Browser, chromium } from 'playwright';
import { inject } from 'vitest';

/** Undefined where there is none (find-chromium.ts), and tests are to be skipped. */
export const executablePath = inject('chromium') || undefined;

/** A step that waits in vain is named, before its test is out of time. */
export const STEP_MS = 120_000;

export const openBrowser = (args: readonly string[] = []): Promise<Browser> =>
  // A sandbox of its own needs rights that a container's root does not have.
  chromium.launch({ executablePath, timeout: STEP_MS, args: ['--no-sandbox', ...args] });
