import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../blob-folder.js';
import { noise } from '../transport.contract.js';
import { type HashThread, hashThread } from './hash-thread.js';

describe('the thread that hashes', () => {
  let folder: string;
  let thread: HashThread;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-hash-'));
    thread = hashThread();
  });
  afterEach(async () => {
    await thread.close();
    await rm(folder, { recursive: true });
  });

  it('follows files that grow, several at once', async () => {
    const files = await Promise.all(
      [1, 2, 3].map(async (seed) => {
        const [path, bytes] = [join(folder, `${seed}`), noise(5_000_000 + seed, seed)];
        await writeFile(path, bytes.subarray(0, 4_500_000));
        const hash = thread.follow(path);
        hash.grown(4_500_000);
        await appendFile(path, bytes.subarray(4_500_000));
        return { hash, bytes };
      }),
    );
    expect(await Promise.all(files.map(({ hash, bytes }) => hash.digest(bytes.length)))).toEqual(
      files.map(({ bytes }) => sha256Of(bytes)),
    );
  });

  it('says of which file there is less than it was told', async () => {
    const path = join(folder, 'short');
    await writeFile(path, noise(10, 1));
    await expect(thread.follow(path).digest(11)).rejects.toThrow(/short" ends at 10 bytes, expected 11/);
    // What was abandoned does not matter any more, and others go on.
    const gone = thread.follow(join(folder, 'nowhere'));
    gone.grown(2 ** 23);
    gone.abandon();
    expect(await thread.follow(path).digest(10)).toBe(sha256Of(noise(10, 1)));
  });
});
