/** Headless Chromium of the system, driven from Node. */
import { type Browser, chromium } from 'playwright';
import { CHROMIUM, requires } from '../requires.js';

/** Undefined where there is none, and tests are to be skipped. */
export const executablePath = requires({ ...CHROMIUM, neededFor: 'the pages in a browser' });

export const openBrowser = (): Promise<Browser> =>
  // A sandbox of its own needs rights that a container's root does not have.
  chromium.launch({ executablePath, args: ['--no-sandbox'] });
