import { describe, expect, it } from 'vitest';
import { gunzipInPage } from '../../src/data/page/page-gzip.js';
import { CONTENT, gzipCases } from '../gzip-cases.js';

const read = (bytes: BodyInit) => new Response(bytes).arrayBuffer();
const member = async (bytes: Uint8Array) => {
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Uint8Array(await read(stream));
};
const tooLarge = () => new Error('too large');
const gunzip = async (bytes: Uint8Array, most = 10_000) =>
  gunzipInPage(new Blob([Uint8Array.from(bytes)]), most, tooLarge);

describe('a gzip file in a page', () => {
  it.each(gzipCases)('with $title', async ({ file, isRead }) => {
    const reading = gunzip(await file(member));
    if (isRead) expect(await reading).toEqual(CONTENT);
    else await expect(reading).rejects.toThrow();
  });

  it('of a hundred members is read, up to what it may expand to', async () => {
    const one = await member(CONTENT);
    const many = Uint8Array.from(Array.from({ length: 100 }, () => [...one]).flat());
    expect(await gunzip(many, 300_000)).toHaveLength(300_000);
    await expect(gunzip(many, 299_999)).rejects.toThrow('too large');
  });

  it('is read no further when that is cancelled', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const file = new Blob([Uint8Array.from(await member(CONTENT))]);
    await expect(gunzipInPage(file, 10_000, tooLarge, signal)).rejects.toThrow('enough');
  });
});
