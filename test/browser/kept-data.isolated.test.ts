import { expect, it } from 'vitest';
import { requireHeld } from '../../src/data/dataset.js';
import { imageDataset } from '../../src/data/images/image-dataset.js';
import { keptData } from '../../src/federation/participant/page/kept-data.js';

const images = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 2654435761) >>> 13);
const dataset = imageDataset({
  ...{ name: 'clothes', channels: 1, height: 100, width: 100, classNames: ['coat', 'shirt'] },
  images,
  labels: Uint8Array.of(0, 1, 1, 0),
});
const share = { name: 'site-a', train: Uint32Array.of(0, 1, 3), validation: Uint32Array.of(2) };

it('data that was chosen is there again, in memory for all threads, until it is forgotten', async () => {
  const kept = keptData('one: site-a');
  expect(await kept.load()).toBeUndefined();
  await kept.keep({ dataset, share });
  const again = await keptData('one: site-a').load();
  expect(again).toEqual({ dataset, share });
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
    'the images take 401 MB, and this browser keeps at most 400 MB of them',
  );
  expect(await kept.load()).toEqual({ dataset, share });
  await kept.forget();
});
