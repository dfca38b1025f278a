/** Pictures that the benchmark generates: many small ones, and photos as a phone takes them. */
import { copyFile, mkdir, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { randomStream } from '../src/base/random.js';

export const SIDE = 160;
const CLASSES = 10;

/** Soft colours of their own for each class. */
export async function generatePictures(folder: string, pictures: number): Promise<void> {
  const random = randomStream(0, 'pictures');
  for (let label = 0; label < CLASSES; label++) await mkdir(join(folder, String(label)), { recursive: true });
  for (let start = 0; start < pictures; start += 64) {
    const numbers = Array.from({ length: Math.min(64, pictures - start) }, (_, i) => start + i);
    await Promise.all(
      numbers.map((number) => {
        const label = number % CLASSES;
        const bytes = Uint8Array.from(
          { length: 192 },
          (_, at) => (at % 3 === label % 3 ? 120 : 60) + random.integer(80),
        );
        return sharp(bytes, { raw: { width: 8, height: 8, channels: 3 } })
          .resize(SIDE, SIDE, { fit: 'fill' })
          .jpeg({ quality: 80 })
          .toFile(join(folder, String(label), `${number}.jpg`));
      }),
    );
  }
}

/** Sizes in pixels as phones have them, upright and lying. */
const SIZES = [
  [4000, 3000],
  [3024, 4032],
  [4032, 2268],
  [3000, 4000],
  [1920, 1080],
] as const;
const FORMATS: Readonly<Record<string, (photo: Sharp) => Sharp>> = {
  jpg: (photo) => photo.jpeg({ quality: 85 }),
  webp: (photo) => photo.webp({ quality: 80, effort: 0 }),
  png: (photo) => photo.png({ compressionLevel: 3 }),
  tif: (photo) => photo.tiff({ compression: 'jpeg', quality: 85 }),
  avif: (photo) => photo.avif({ quality: 50, effort: 0 }),
  gif: (photo) => photo.gif({ effort: 1 }),
};
/** All sizes in all formats; those after them repeat them. */
const DIFFERENT = 60;
/** Most photos of a phone are JPEG. */
const FORMAT_OF = ['jpg', 'jpg', 'jpg', 'webp', 'jpg', 'png', 'jpg', 'tif', 'jpg', 'avif', 'jpg', 'gif'];
const PHOTO_CLASSES = ['cat', 'dog', 'horse'] as const;

/**
 * Photos in a folder for each class, in all formats and sizes. The first breaks off in its middle.
 * A class has colours of its own.
 * @param shrink divides the sides
 */
export async function generatePhotos(folder: string, photos: number, shrink: number): Promise<void> {
  const random = randomStream(0, 'photos');
  for (const name of PHOTO_CLASSES) await mkdir(join(folder, name), { recursive: true });
  for (let number = 0; number < photos; number++) {
    const label = number % PHOTO_CLASSES.length;
    const [width, height] = SIZES[number % SIZES.length] ?? SIZES[0];
    const format = FORMAT_OF[number % FORMAT_OF.length] ?? 'jpg';
    const pathOf = (of: number) => join(folder, PHOTO_CLASSES[label] ?? '', `${of}.${format}`);
    if (number >= DIFFERENT) {
      await copyFile(pathOf(number - DIFFERENT), pathOf(number));
      continue;
    }
    const [columns, rows] = [40, 30];
    const scene = Uint8Array.from(
      { length: 3 * columns * rows },
      (_, at) => (at % 3 === label ? 120 : 60) + random.integer(80),
    );
    const photo = sharp(scene, { raw: { width: columns, height: rows, channels: 3 } }).resize(
      Math.round(width / shrink),
      Math.round(height / shrink),
      { fit: 'fill' },
    );
    await (FORMATS[format]?.(photo) ?? photo).toFile(pathOf(number));
  }
  const damaged = join(folder, PHOTO_CLASSES[0], '0.jpg');
  await truncate(damaged, Math.floor((await stat(damaged)).size / 2));
}
