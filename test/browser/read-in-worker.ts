/** Reads the files that it is sent, where there is no document. */
import { categoriesOf } from '../../src/data/dataset.js';
import { readPageData } from '../../src/federation/participant/page/page-data.js';

addEventListener('message', async ({ data: { files, facts } }) => {
  const dataset = await readPageData(files, facts);
  postMessage({ examples: dataset.examples, classNames: categoriesOf(dataset) });
});
