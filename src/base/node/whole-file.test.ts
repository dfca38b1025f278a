import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type FileHandle, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { syncFolder, writeFileWhole, writeWhole } from './whole-file.js';

/** What was synced, renamed and linked, in order. */
const acts: string[] = [];
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>();
  const nameOf = (path: unknown) => basename(String(path)).replace(/\.[0-9a-f-]{36}\.part$/, ' temporary');
  return {
    ...real,
    async open(path: string, ...more: []) {
      const handle: FileHandle = await real.open(path, ...more);
      const { sync } = handle;
      handle.sync = async () => {
        acts.push(`sync ${nameOf(path)}`);
        await sync.call(handle);
      };
      return handle;
    },
    async rename(from: string, to: string) {
      acts.push(`rename ${nameOf(from)} to ${nameOf(to)}`);
      await real.rename(from, to);
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'whole-file-'));
  acts.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that is written whole', () => {
  it('is synced before it gets its name, and the folder after it', async () => {
    await writeFileWhole(join(folder, 'tokens.json'), 'one');
    await writeFileWhole(join(folder, 'tokens.json'), 'two', { mode: 0o600 });
    expect(readFileSync(join(folder, 'tokens.json'), 'utf8')).toBe('two');
    expect(statSync(join(folder, 'tokens.json')).mode & 0o777).toBe(0o600);
    const once = [
      'sync tokens.json temporary',
      'rename tokens.json temporary to tokens.json',
      `sync ${basename(folder)}`,
    ];
    expect(acts).toEqual([...once, ...once]);
  });

  it('goes into a pipe or a device, which stays what it is', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const reader = readFile(pipe, 'utf8');
    await writeFileWhole(pipe, 'through it');
    expect(await reader).toBe('through it');
    expect(statSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['pipe']);
  });

  it('takes the place of nothing where it is to be the first', async () => {
    const file = join(folder, 'first');
    const both = await Promise.allSettled(
      ['one', 'two'].map((text) => writeFileWhole(file, text, { exclusive: true })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'EEXIST' } });
    expect(readdirSync(folder)).toEqual(['first']);
  });

  it('leaves what was there as it was where writing fails, and nothing beside it', async () => {
    const file = join(folder, 'kept');
    writeFileSync(file, 'before');
    const failing = writeWhole(join(folder, 'half'), file, async (handle) => {
      await handle.writeFile('half');
      throw new Error('enough');
    });
    await expect(failing).rejects.toThrow('enough');
    expect(readFileSync(file, 'utf8')).toBe('before');
    expect(readdirSync(folder)).toEqual(['kept']);
    await syncFolder(join(folder, 'none'));
  });

  it('is the only way in which a file gets its name', () => {
    const source = resolve(import.meta.dirname, '../..');
    const renaming = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .filter((file) => /\brename(Sync)?\(/.test(readFileSync(join(source, file), 'utf8')));
    expect(renaming).toEqual([join('base', 'node', 'whole-file.ts')]);
  });
});
