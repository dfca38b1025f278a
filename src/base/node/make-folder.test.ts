import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from './make-folder.js';

const folder = mkdtempSync(join(tmpdir(), 'make-folder-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A disk that everybody can read and nobody write; where a system has none, undefined. */
const readOnly = existsSync('/proc/mounts')
  ? readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, path = '', , flags]) => flags?.split(',').includes('ro') && existsSync(path))?.[1]
  : undefined;

describe('a folder', () => {
  it('is made with those above it, by several at once, with the mode that is asked for', async () => {
    const path = join(folder, 'a', 'b', 'c');
    await Promise.all([1, 2, 3].map(() => makeFolder(path, { mode: 0o700 })));
    await makeFolder(path);
    for (const made of [path, join(path, '..'), join(path, '..', '..')])
      expect(statSync(made).mode & 0o777).toBe(0o700);
    symlinkSync(path, join(folder, 'link'));
    await makeFolder(join(folder, 'link'));
  });

  it('is not made where there is a file, or below one', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(join(file, 'x'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it.skipIf(!existsSync('/proc/self'))('is refused where the system makes none', async () => {
    await expect(makeFolder('/proc/none/of/these')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it.skipIf(readOnly === undefined)('is refused on a read-only disk, with that reason', async () => {
    await expect(makeFolder(join(readOnly as string, 'x', 'y'))).rejects.toMatchObject({ code: 'EROFS' });
  });
});
