import { expect, it } from 'vitest';
import { arrayDataset } from '../../src/data/arrays/array-dataset.js';
import { columnsOf, type Dataset, requireHeld } from '../../src/data/dataset.js';
import { imageDataset } from '../../src/data/images/image-dataset.js';
import { keptData } from '../../src/federation/participant/page/kept-data.js';

const images = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 2654435761) >>> 13);
const dataset = imageDataset({
  ...{ name: 'clothes', channels: 1, height: 100, width: 100, classNames: ['coat', 'shirt'] },
  images,
  labels: Uint8Array.of(0, 1, 1, 0),
});
/** As partitions make them: in memory that threads share. */
const numbers = (...all: number[]) => {
  const shared = new Uint32Array(new SharedArrayBuffer(4 * all.length));
  shared.set(all);
  return shared;
};
const share = { name: 'site-a', train: numbers(0, 1, 3), validation: numbers(2) };

/** Without fields that repeat columns. */
const columnsIn = (kept: { readonly dataset: Dataset; readonly share: object } | undefined) =>
  kept && { share: kept.share, columns: columnsOf(kept.dataset), clusters: kept.dataset.clusters };

it('data that was chosen is there again, in memory for all threads, until it is forgotten', async () => {
  const kept = keptData('one: site-a');
  expect(await kept.load()).toBeUndefined();
  await kept.keep({ dataset, share });
  const again = await keptData('one: site-a').load();
  expect(columnsIn(again)).toEqual(columnsIn({ dataset, share }));
  expect(requireHeld(again!.dataset.inputs[0]!).values.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(await keptData('one: site-b').load()).toBeUndefined();
  await kept.forget();
  expect(await kept.load()).toBeUndefined();
});

it('data that is too large is not kept, which is said, and what was kept before is still there', async () => {
  const kept = keptData('two: site-a');
  await kept.keep({ dataset, share });
  const inputs = dataset.inputs.map((column) => ({ ...column, values: new Uint8Array(401 * 2 ** 20) }));
  const large = { ...dataset, inputs };
  await expect(kept.keep({ dataset: large, share })).rejects.toThrow(
    'the data take 401 MB, and this browser keeps at most 400 MB of them',
  );
  expect(columnsIn(await kept.load())).toEqual(columnsIn({ dataset, share }));
  await kept.forget();
});

it('columns of any kind are kept, with the rows that belong together', async () => {
  const kept = keptData('three: site-a');
  const rows = arrayDataset({
    name: 'rows',
    inputs: [{ name: 'x', values: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2] }],
    targets: [{ name: 'y', values: Float32Array.of(1, 0, 1) }],
  });
  const own = { dataset: { ...rows, clusters: Int32Array.of(7, 7, 8) }, share };
  await kept.keep(own);
  expect(columnsIn(await kept.load())).toEqual(columnsIn(own));
  await kept.forget();
});
