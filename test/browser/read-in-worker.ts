/** Reads the files that it is sent, where there is no document. */
import { readPageData } from '../../src/federation/participant/page/page-data.js';

addEventListener('message', async ({ data: { files, facts } }) => {
  const { examples, classNames } = await readPageData(files, facts);
  postMessage({ examples, classNames });
});
