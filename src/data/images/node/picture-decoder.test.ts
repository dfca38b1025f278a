import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { DataError } from '../../error.js';
import { decodePicture } from './open-picture.js';
import { type PictureDecoder, pictureDecoder } from './picture-decoder.js';

const folder = await mkdtemp(join(tmpdir(), 'commonweight-decoder-'));
afterAll(() => rm(folder, { recursive: true }));
const good = join(folder, 'good.png');
const noise = Uint8Array.from({ length: 300 }, (_, at) => (at * 7919) >>> 3);
await sharp(noise, { raw: { width: 10, height: 10, channels: 3 } }).toFile(good);
const bad = join(folder, 'bad.jpg');
writeFileSync(bad, 'no picture');
const size = { height: 7, width: 5, channels: 3 } as const;

let decoder: PictureDecoder;
afterEach(() => decoder.close());

/** The processes that decode for this one. */
function decoders(): number[] {
  const children = readdirSync('/proc/self/task').flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim().split(' '),
  );
  const isOne = (pid: string) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('decoder-process');
  return children.filter((pid) => pid !== '' && isOne(pid)).map(Number);
}

describe('pictures of many pixels', () => {
  it('are decoded by another process to the same bytes, and complained about in the same words', async () => {
    decoder = pictureDecoder(1e9);
    expect(await decoder.decode(good, size, 'crop')).toEqual(
      new Uint8Array(await decodePicture(good, size, 'crop')),
    );
    const complaint = (of: Promise<unknown>) =>
      of.then(
        () => undefined,
        (error: DataError) => ({ kind: error.constructor, message: error.message, hint: error.hint }),
      );
    const here = await complaint(decodePicture(bad, size));
    expect(here?.kind).toBe(DataError);
    expect(await complaint(decoder.decode(bad, size, undefined))).toEqual(here);
  });

  it.runIf(process.platform === 'linux')('are decoded by a new process after one has crashed', async () => {
    decoder = pictureDecoder(1e9);
    await decoder.decode(good, size, undefined);
    const [crashing] = decoders();
    const lost = decoder.decode(good, size, undefined);
    process.kill(crashing!, 'SIGSEGV');
    // It may have answered before.
    await lost.catch((error: unknown) => expect(String(error)).toContain(`"${good}" cannot be decoded`));
    const again = await decoder
      .decode(good, size, undefined)
      .catch(() => decoder.decode(good, size, undefined));
    expect(again).toHaveLength(105);
    expect(decoders()).not.toContain(crashing);
  });
});

it('few pixels are decoded here', async () => {
  decoder = pictureDecoder(1000);
  expect(await decoder.decode(good, size, undefined)).toHaveLength(105);
});
