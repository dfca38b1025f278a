import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainWriteError, writeOutput } from './output-file.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'output-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

const systemError = (code: string) => Object.assign(new Error(`${code}: write`), { code, syscall: 'write' });

describe('writing an output', () => {
  it('shows the file under its name only when all is written', async () => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    await writeOutput(path, 3, async (handle) => {
      await handle.write('new');
      expect(await readFile(path, 'utf8')).toBe('old');
    });
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await readdir(folder)).toEqual(['out']);
  });

  it('leaves nothing behind and the old file as it was when writing fails', async () => {
    const path = join(folder, 'out');
    await writeFile(path, 'old');
    const failing = writeOutput(path, 1000, async (handle) => {
      await handle.write('half');
      throw systemError('ENOSPC');
    });
    await expect(failing).rejects.toMatchObject({
      name: 'MergeError',
      message: `merge: no room on the disk for "${path}", which takes 1000 bytes`,
      hint: `free some room in ${folder}, or write to another disk`,
    });
    expect(await readdir(folder)).toEqual(['out']);
    expect(await readFile(path, 'utf8')).toBe('old');
  });

  it('says where there is no folder, and what is no file', async () => {
    const path = join(folder, 'missing', 'out');
    await expect(writeOutput(path, 1, async () => {})).rejects.toThrow(
      `merge: cannot write "${path}": there is no folder ${join(folder, 'missing')}`,
    );
    await expect(writeOutput(folder, 1, async () => {})).rejects.toThrow(
      `the output "${folder}" is not a file`,
    );
  });

  it('passes on what is no error of the system', () => {
    const error = new Error('other');
    expect(explainWriteError(error, 'out', 1)).toBe(error);
    expect(String(explainWriteError(systemError('EROFS'), 'out', 1))).toContain(
      'cannot write "out": the disk is read-only',
    );
  });
});
