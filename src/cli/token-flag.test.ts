import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { tokenFrom } from './token-flag.js';
import { trustFrom } from './trust-flags.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-token-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
const fileWith = (text: string) => {
  const file = join(folder, 'token');
  writeFileSync(file, text);
  return file;
};

describe('a token', () => {
  it('comes from the flag, else from a file, else from the environment', async () => {
    vi.stubEnv('COMMONWEIGHT_TOKEN', 'of the environment');
    const tokenFile = fileWith('of the file\n');
    expect(await tokenFrom({ token: 'of the flag', tokenFile })).toBe('of the flag');
    expect(await tokenFrom({ tokenFile })).toBe('of the file');
    expect(await tokenFrom({})).toBe('of the environment');
  });

  it('that is nowhere is asked for, with the three ways to give it', async () => {
    vi.stubEnv('COMMONWEIGHT_TOKEN', '');
    await expect(tokenFrom({})).rejects.toMatchObject({
      message: 'there is no token',
      hint: expect.stringMatching(/^give --token, or --token-file, or set COMMONWEIGHT_TOKEN; /),
    });
  });

  it('is not taken from the environment where the file that was named has none', async () => {
    vi.stubEnv('COMMONWEIGHT_TOKEN', 'of the environment');
    await expect(tokenFrom({ tokenFile: fileWith(' \n') })).rejects.toThrow('is empty, expected a token');
    await expect(tokenFrom({ tokenFile: join(folder, 'none') })).rejects.toThrow(
      `--token-file "${join(folder, 'none')}" cannot be read: `,
    );
  });
});

describe('the trust in a hub', () => {
  it('is in a fingerprint, in authorities of a file, or in those of the system', async () => {
    expect(await trustFrom({})).toEqual({});
    expect(await trustFrom({ fingerprint: 'ab' })).toEqual({ fingerprint: 'ab' });
    const tlsCa = fileWith('PEM');
    expect(await trustFrom({ tlsCa })).toEqual({ ca: Buffer.from('PEM') });
    await expect(trustFrom({ tlsCa: join(folder, 'none') })).rejects.toThrow('--tls-ca ');
  });
});
