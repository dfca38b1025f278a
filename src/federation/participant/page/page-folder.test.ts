import { expect, it } from 'vitest';
import { pageFolder } from './page-folder.js';

it('a page for which nothing can be kept says so, and what helps', async () => {
  // As in Node, there is no IndexedDB in some of them.
  await expect(pageFolder('site-a')).rejects.toMatchObject({
    name: 'FederationError',
    message: expect.stringContaining('in this browser nothing can be kept'),
    hint: expect.stringContaining('ordinary window'),
  });
});
