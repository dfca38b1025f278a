/** Before the pages open: pictures as people have them, and what sharp makes of them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import type { TestProject } from 'vitest/node';
import { readMask } from '../../src/data/images/labels/node/read-mask.js';
import { decodePicture } from '../../src/data/images/node/open-picture.js';

export interface Fixture {
  /** Base64. */
  readonly file: string;
  /** What Node decodes it to, [channels, 28, 28], by channels; base64. */
  readonly decoded: Readonly<Record<1 | 3, string>>;
}

/** A mask, and the values that Node reads from it. */
export interface MaskFixture {
  /** Base64. */
  readonly file: string;
  readonly height: number;
  readonly width: number;
  readonly values: readonly number[];
}

declare module 'vitest' {
  interface ProvidedContext {
    photographs: Record<string, Fixture>;
    masks: Record<string, MaskFixture>;
  }
}

/** Like a photograph: soft and sharp edges, all hues, some grain. [height, width, 3] */
function scene(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [u, v] = [x / width, y / height];
      const inDisc = (u - 0.6) ** 2 + (v - 0.4) ** 2 < 0.05;
      const grain = ((x * 7919 + y * 104729) % 31) - 15;
      const rgb = [inDisc ? 230 : 255 * u, inDisc ? 60 : 255 * v, 127 + 120 * Math.sin(9 * u + 4 * v)].map(
        (value) => Math.min(255, Math.max(0, value + grain)),
      );
      bytes.set(rgb, 3 * (y * width + x));
    }
  }
  return bytes;
}

const raw = (width: number, height: number) =>
  sharp(scene(width, height), { raw: { width, height, channels: 3 } });

const makers: Readonly<Record<string, () => Promise<Buffer>>> = {
  'same-size.png': () => raw(28, 28).png().toBuffer(),
  'small.png': () => raw(14, 10).png().toBuffer(),
  'wide.png': () => raw(300, 120).png().toBuffer(),
  'photograph.jpg': () => raw(1600, 1200).jpeg({ quality: 90 }).toBuffer(),
  'turned.jpg': () => raw(120, 80).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer(),
  'grey.jpg': () => raw(28, 28).toColourspace('b-w').jpeg().toBuffer(),
  'transparent.png': () =>
    sharp({ create: { width: 56, height: 56, channels: 4, background: { r: 200, g: 0, b: 0, alpha: 0.5 } } })
      .png()
      .toBuffer(),
  'deep.png': () => raw(28, 28).toColourspace('rgb16').png().toBuffer(),
  'palette.png': () => raw(28, 28).png({ palette: true, colours: 16 }).toBuffer(),
};

/** All values that a byte has. */
const values = Uint8Array.from({ length: 16 * 16 }, (_, at) => at);
const grey = () => sharp(values, { raw: { width: 16, height: 16, channels: 1 } }).toColourspace('b-w');

/** Of 16 bits. */
const deep = () =>
  sharp(
    Uint16Array.from({ length: 19 * 16 }, (_, at) => (211 * at) % 65_536),
    {
      raw: { width: 19, height: 16, channels: 1 },
    },
  ).toColourspace('grey16');

const maskMakers: Readonly<Record<string, () => Promise<Buffer>>> = {
  'grey.png': () => grey().png().toBuffer(),
  'profile.png': () => raw(12, 10).png({ palette: true, colours: 6 }).withIccProfile('p3').toBuffer(),
  'colours.png': () => grey().toColourspace('srgb').png().toBuffer(),
  'palette.png': () => raw(40, 30).png({ palette: true, colours: 7, dither: 0 }).toBuffer(),
  'few.png': () => raw(9, 7).png({ palette: true, colours: 2, dither: 0 }).toBuffer(),
  'deep.png': () => deep().png().toBuffer(),
  'deep, filtered.png': () => deep().png({ adaptiveFiltering: true }).toBuffer(),
  'deep with opacity.png': () => deep().ensureAlpha(0.25).png().toBuffer(),
  'deep colours.png': () => deep().toColourspace('rgb16').png().toBuffer(),
  'see-through.png': () => grey().ensureAlpha(0.5).png().toBuffer(),
  'see-through colours.png': () => grey().toColourspace('srgb').ensureAlpha(0).png().toBuffer(),
  'see-through palette.png': () =>
    raw(40, 30).ensureAlpha(0.5).png({ palette: true, colours: 7, dither: 0 }).toBuffer(),
  'see-through, few.png': () =>
    raw(9, 7).ensureAlpha(0.5).png({ palette: true, colours: 2, dither: 0 }).toBuffer(),
  'lossless.webp': () => grey().webp({ lossless: true }).toBuffer(),
  'turned.png': () =>
    grey().resize(16, 8, { fit: 'cover' }).withMetadata({ orientation: 6 }).png().toBuffer(),
};

export default async function setup({ provide }: TestProject): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'commonweight-photographs-'));
  const fixtures: Record<string, Fixture> = {};
  for (const [name, make] of Object.entries(makers)) {
    const path = join(folder, name);
    const bytes = await make();
    await writeFile(path, bytes);
    const decoded = async (channels: 1 | 3) => {
      const image = await decodePicture(path, { channels, height: 28, width: 28 });
      return Buffer.from(image).toString('base64');
    };
    fixtures[name] = {
      file: bytes.toString('base64'),
      decoded: { 1: await decoded(1), 3: await decoded(3) },
    };
  }
  const masks: Record<string, MaskFixture> = {};
  for (const [name, make] of Object.entries(maskMakers)) {
    const path = join(folder, name);
    const bytes = await make();
    await writeFile(path, bytes);
    const { height, width, values } = await readMask(path);
    masks[name] = { file: bytes.toString('base64'), height, width, values: Array.from(values) };
  }
  await rm(folder, { recursive: true });
  provide('photographs', fixtures);
  provide('masks', masks);
}
