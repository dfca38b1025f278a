import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeFlagFile } from './whole-file.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-flag-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function* lines(fails: boolean) {
  yield 'first\n';
  if (fails) throw new TypeError('internal: the second line');
  yield 'second\n';
}

it('a file is written of lines that come one after the other', async () => {
  await writeFlagFile('--output', join(folder, 'a.csv'), lines(false));
  expect(readFileSync(join(folder, 'a.csv'), 'utf8')).toBe('first\nsecond\n');
});

it('a failure of what makes the lines is thrown as it is, and leaves no file', async () => {
  const before = readdirSync(folder);
  await expect(writeFlagFile('--output', join(folder, 'b.csv'), lines(true))).rejects.toThrow(TypeError);
  expect(readdirSync(folder)).toEqual(before);
});

it('a failure of the system names the flag and the file', async () => {
  writeFileSync(join(folder, 'file'), '');
  const file = join(folder, 'file', 'c.csv');
  await expect(writeFlagFile('--output', file, lines(false))).rejects.toThrow(
    `--output "${file}" cannot be written: `,
  );
});
