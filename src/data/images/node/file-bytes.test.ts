import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CONTENT, gzipCases } from '../../../../test/gzip-cases.js';
import { decompressed } from './file-bytes.js';

const member = promisify<Uint8Array, Uint8Array>(gzip);

describe('a gzip file in Node', () => {
  it.each(gzipCases)('with $title', async ({ file, isRead }) => {
    const reading = decompressed('a.gz', await file(member));
    if (isRead) expect(new Uint8Array(await reading)).toEqual(CONTENT);
    else await expect(reading).rejects.toThrow('data: "a.gz" is truncated or damaged (gzip: ');
  });

  it('is refused where it expands to more than there may be', async () => {
    await expect(decompressed('a.gz', await member(CONTENT), 2999)).rejects.toThrow(
      'data: "a.gz" expands to more than 2999 bytes, expected at most that',
    );
  });
});
