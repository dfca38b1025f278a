import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256Of } from '../../../../base/node/sha256-of.js';
import { randomBlob } from '../../../transport.contract.js';
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
        const [path, bytes] = [join(folder, `${seed}`), randomBlob(5_000_000 + seed, seed)];
        await writeFile(path, bytes.subarray(0, 4_500_000));
        const hash = thread.follow(path, 0);
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
    await writeFile(path, randomBlob(10, 1));
    await expect(thread.follow(path, 0).digest(11)).rejects.toThrow(/short" ends at 10 bytes, expected 11/);
    // What was left does not matter any more, and others go on.
    const gone = thread.follow(join(folder, 'nowhere'), 0);
    gone.grown(2 ** 23);
    gone.leave();
    expect(await thread.follow(path, 0).digest(10)).toBe(sha256Of(randomBlob(10, 1)));
  });

  it('goes on where it was with a file that grows again, and reads nothing of it twice', async () => {
    const [path, bytes] = [join(folder, 'resumed'), randomBlob(9_000_000)];
    await writeFile(path, bytes.subarray(0, 8_000_000));
    const first = thread.follow(path, 0);
    first.grown(8_000_000);
    first.leave();
    // One thread, in order: this one is answered once that was read.
    await writeFile(join(folder, 'other'), randomBlob(10));
    await thread.follow(join(folder, 'other'), 0).digest(10);
    // Were its beginning read again, it would be another.
    await writeFile(path, Buffer.concat([new Uint8Array(8_000_000), bytes.subarray(8_000_000)]));
    const second = thread.follow(path, 8_000_000);
    second.grown(8_000_001);
    expect(await second.digest(9_000_000)).toBe(sha256Of(bytes));
    // From 0 on it is a new file.
    const anew = await readFile(path);
    expect(await thread.follow(path, 0).digest(9_000_000)).toBe(sha256Of(anew));
  });
});
