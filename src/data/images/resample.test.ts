import sharp from 'sharp';
import { expect, it } from 'vitest';
import { boxFactor, boxMeans, resample } from './resample.js';

const scene = (width: number, height: number) =>
  Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y, channel] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width), i % 3];
    return 128 + 100 * Math.sin((7 * x) / width + channel) * Math.cos((9 * y) / height) + ((i * 7919) % 27);
  });

it.each([
  ['slightly smaller', [40, 33], [28, 28]],
  ['much smaller, by means first', [700, 333], [28, 28]],
  ['larger', [9, 14], [28, 30]],
  ['the same', [28, 28], [28, 28]],
] as const)('a picture that is made %s is that of sharp, to rounding', async (_, [width, height], to) => {
  const rgb = scene(width, height);
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } });
  const expected = await picture.clone().resize(to[1], to[0], { fit: 'fill' }).raw().toBuffer();
  const [rows, columns] = [boxFactor(height, to[0]), boxFactor(width, to[1])];
  const extent = { height: height / rows, width: width / columns };
  const rgba = new Uint8ClampedArray(await picture.ensureAlpha().raw().toBuffer());
  const means = boxMeans(rgba, { height, width }, rows, columns);
  const ours = resample(means, extent, { height: to[0], width: to[1] });
  expect(ours).toHaveLength(expected.length);
  const apart = [...ours].map((value, i) => Math.abs(value - expected[i]!));
  expect(Math.max(...apart)).toBeLessThanOrEqual(2);
  expect(apart.reduce((sum, each) => sum + each) / apart.length).toBeLessThan(0.5);
});
