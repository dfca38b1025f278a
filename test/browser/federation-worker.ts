/**
 * The small federation in a worker of a page, whose training workers are nested in it: as a page
 * takes part.
 */

import { federationInPage } from './federation-in-page.js';
import type { Pictures } from './same-steps.js';

self.addEventListener('message', ({ data }: MessageEvent<[Pictures, Pictures, number]>) => {
  federationInPage(...data).then(
    (figures) => self.postMessage({ figures }),
    (error: Error) => self.postMessage({ error: error.message }),
  );
});
