import { expect, it } from 'vitest';
import { keptData } from './kept-data.js';

it('a page for which nothing can be kept says so, and what helps', async () => {
  // As in Node, there is no IndexedDB in some of them.
  await expect(keptData('site-a').load()).rejects.toMatchObject({
    name: 'FederationError',
    message: expect.stringContaining('in this browser the data cannot be read'),
    hint: expect.stringContaining('ordinary window'),
  });
});
