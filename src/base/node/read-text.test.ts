import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readText } from './read-text.js';

const folder = mkdtempSync(join(tmpdir(), 'read-text-'));
const file = join(folder, 'text');
afterAll(() => rmSync(folder, { recursive: true }));

describe('a text that people wrote', () => {
  const utf16 = (text: string, mark: string) => Buffer.from(mark + text, 'utf16le');
  it.each([
    ['by its mark', utf16('rounds: 3', '\ufeff')],
    ['the other way around', utf16('rounds: 3', '\ufeff').swap16()],
    ['by its zeros', utf16('rounds: 3', '')],
    ['by its zeros, the other way around', utf16('rounds: 3', '').swap16()],
  ])('is called UTF-16 %s', async (_, bytes) => {
    writeFileSync(file, bytes);
    await expect(readText(file)).rejects.toMatchObject({
      message: 'it is UTF-16, expected UTF-8',
      hint: expect.stringContaining('Out-File'),
    });
  });

  it.each(['', 'a', 'rounds: 3\n', '\ufeffrounds: 3'])(
    'is read as UTF-8, without a mark: %j',
    async (text) => {
      writeFileSync(file, text);
      expect(await readText(file)).toBe(text.replace('\ufeff', ''));
    },
  );
});
