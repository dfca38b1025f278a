import sharp from 'sharp';
import { expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { greyOf } from './srgb.js';

it('grey is that of sharp, for any colour', async () => {
  const stream = randomStream(1, 'colours');
  const pixels = 20_000;
  const rgb = Uint8Array.from({ length: pixels * 3 }, () => stream.integer(256));
  const raw = { width: pixels, height: 1, channels: 3 } as const;
  const expected = await sharp(rgb, { raw }).toColourspace('b-w').raw({ depth: 'uchar' }).toBuffer();
  const ours = Uint8Array.from({ length: pixels }, (_, i) => greyOf(rgb.subarray(3 * i, 3 * i + 3)));
  expect(ours).toEqual(new Uint8Array(expected));
});

it('a grey stays as it is', () => {
  for (let grey = 0; grey < 256; grey++) expect(greyOf([grey, grey, grey])).toBe(grey);
});
