import { describe, expect, inject, it } from 'vitest';
import { requireImages } from '../../src/data/images/image-dataset.js';
import { readPageMask } from '../../src/data/images/labels/page/read-page-mask.js';
import { decodePicture } from '../../src/data/images/page/page-pictures.js';
import type { PageFile } from '../../src/data/page/page-files.js';
import { readPageData } from '../../src/federation/participant/page/page-data.js';
import { parseConfiguration } from '../../src/protocol/configuration/configuration.js';
import { pictureColumns } from '../picture-columns.js';

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
const photographs = inject('photographs');
const photograph = (name: string, path = name): PageFile => ({
  path,
  file: new File([bytesOf(photographs[name]!.file)], name),
});
const size = { channels: 1, height: 28, width: 28 } as const;
const facts = {
  configuration: parseConfiguration(
    {
      ...{ seed: 7, partition: { name: 'own' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
      ...{ local: { epochs: 1 }, rounds: 1 },
    },
    'test',
  ),
  ...pictureColumns([1, 28, 28], ['coat', 'shirt', 'shoe']),
};

describe('a picture', () => {
  // At the same size it is the same, on white where it is transparent; where it is resized, and of
  // JPEG, to rounding. A decoder of JPEG that shrinks while it reads, as in Node, differs by a
  // little more.
  it.each([
    ['same-size.png', 0, 0],
    ['palette.png', 0, 0],
    ['transparent.png', 0, 0],
    ['grey.jpg', 1, 0.1],
    ['deep.png', 2, 0.5],
    ['small.png', 2, 0.5],
    ['wide.png', 2, 0.5],
    ['turned.jpg', 6, 1],
    ['photograph.jpg', 8, 1],
  ])(
    'named %s is decoded to the bytes of Node, but for %i at most and %f in the mean',
    async (name, most, mean) => {
      for (const channels of [1, 3] as const) {
        const image = await decodePicture(photograph(name), { ...size, channels });
        const native = bytesOf(photographs[name]!.decoded[channels]);
        expect(image).toHaveLength(native.length);
        const apart = Array.from(image, (value, i) => Math.abs(value - native[i]!));
        expect(Math.max(...apart)).toBeLessThanOrEqual(most);
        expect(apart.reduce((sum, each) => sum + each) / apart.length).toBeLessThanOrEqual(mean);
      }
    },
  );

  it.each(['photograph.jpg', 'wide.png'])('named %s that is cut short is refused', async (name) => {
    const bytes = bytesOf(photographs[name]!.file);
    const half = new File([bytes.slice(0, bytes.length / 2)], name);
    await expect(decodePicture({ path: `a/${name}`, file: half }, size)).rejects.toThrow(
      `data: "a/${name}" cannot be decoded as a picture: `,
    );
  });

  it('above 40 megapixels is refused by what its header says', async () => {
    const bytes = bytesOf(photographs['wide.png']!.file);
    const header = new DataView(bytes.buffer);
    header.setUint32(16, 8000);
    header.setUint32(20, 5001);
    // A checksum that does not fit: whoever decodes it would find it damaged.
    await expect(decodePicture({ path: 'a/1.png', file: new File([bytes], '1.png') }, size)).rejects.toThrow(
      'data: "a/1.png" has 8000 x 5001 pixels, expected at most 40 megapixels',
    );
  });
});

it('where a browser changes what is read of a canvas, no picture is decoded', async () => {
  const { prototype } = OffscreenCanvasRenderingContext2D;
  const { getImageData } = prototype;
  prototype.getImageData = function (...area: Parameters<typeof getImageData>) {
    const read = getImageData.apply(this, area);
    read.data[4 * 77] = read.data[4 * 77]! ^ 1;
    return read;
  };
  try {
    await expect(decodePicture(photograph('grey.jpg'), size)).rejects.toThrow(
      'this browser changes the pixels that pages read',
    );
  } finally {
    prototype.getImageData = getImageData;
  }
});

describe('a mask', () => {
  const masks = inject('masks');
  const mask = (name: string, bytes: Uint8Array<ArrayBuffer>): PageFile => ({
    path: `masks/${name}`,
    file: new File([bytes], name),
  });

  it.each(Object.keys(masks))('named %s has the values that Node reads', async (name) => {
    const { file, height, width, values } = masks[name]!;
    const read = await readPageMask(mask(name, bytesOf(file)));
    expect([read.height, read.width]).toEqual([height, width]);
    expect(Array.from(read.values)).toEqual(values);
  });

  it('of colours is refused', async () => {
    await expect(readPageMask(mask('small.png', bytesOf(photographs['small.png']!.file)))).rejects.toThrow(
      /"masks\/small.png" has the colour \d+, \d+, \d+ at row 1, column \d+, which is not grey/,
    );
  });

  it('of 16 bits that was damaged, or has its rows in passes, is refused', async () => {
    const sound = bytesOf(masks['deep.png']!.file);
    const cut = new Uint8Array(sound);
    const idat = new TextDecoder('latin1').decode(sound).indexOf('IDAT');
    cut.fill(0, idat + 20, idat + 60);
    await expect(readPageMask(mask('cut.png', cut))).rejects.toThrow('"masks/cut.png"');
    const passes = new Uint8Array(sound);
    passes[28] = 1;
    await expect(readPageMask(mask('passes.png', passes))).rejects.toThrow(
      '"masks/passes.png" has 16 bits for each value and is turned or interlaced, expected a plain PNG',
    );
  });
});

describe('a folder of pictures in a page', () => {
  const folder = [
    photograph('wide.png', 'clothes/shirt/b.png'),
    photograph('small.png', 'clothes/shirt/a.png'),
    photograph('turned.jpg', 'clothes/coat/c.JPG'),
    ...Array.from({ length: 20 }, (_, i) => photograph('grey.jpg', `clothes/coat/${i}.jpg`)),
  ];

  it('is a data set in the order of classes and names, in memory for all threads', async () => {
    const told: [number, number][] = [];
    const onProgress = (done: number, of: number) => told.push([done, of]);
    const set = requireImages(await readPageData(folder, facts, { onProgress }));
    expect(set).toMatchObject({ name: 'clothes', examples: 23, classNames: ['coat', 'shirt'] });
    expect([...set.labels]).toEqual([...Array(21).fill(0), 1, 1]);
    expect(set.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(set.images.slice(21 * 784, 22 * 784)).toEqual(await decodePicture(photograph('small.png'), size));
    expect(told.at(-1)).toEqual([23, 23]);
    expect(told.length).toBeGreaterThan(2);
  });

  it('may be that of one class, which the federation knows by its name', async () => {
    const files = ['shirt/1.png', 'shirt/2.png'].map((path) => photograph('wide.png', path));
    expect(await readPageData(files, facts)).toMatchObject({ examples: 2, classNames: ['shirt'] });
  });

  it('is read no further when that is cancelled', async () => {
    const cancel = new AbortController();
    let done = 0;
    const onProgress = (count: number) => {
      done = count;
      cancel.abort(new Error('enough'));
    };
    await expect(readPageData(folder, facts, { signal: cancel.signal, onProgress })).rejects.toThrow(
      'enough',
    );
    expect(done).toBeLessThan(23);
  });

  it('can be read in a worker', async () => {
    const worker = new Worker(new URL('./read-in-worker.ts', import.meta.url), { type: 'module' });
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ files: folder, facts });
    expect(await answer).toMatchObject({ examples: 23, classNames: ['coat', 'shirt'] });
    worker.terminate();
  });
});
