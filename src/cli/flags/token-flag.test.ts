import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { hubAccessFrom, type TokenFlags, tokenFrom as tokenOf } from './token-flag.js';
import { trustFrom } from './trust-flags.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-token-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());
const tokenFrom = (flags: TokenFlags) => tokenOf(flags, { roles: ['participant'] });
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
      hint: expect.stringMatching(/^give --token-file or --token, or set COMMONWEIGHT_TOKEN; /),
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

describe('a file as serve writes it', () => {
  const both = `# Tokens
participant site-a OLD http://h/join#token=OLD
participant site-b BBB http://h/join#token=BBB
operator OPS
observer OBS http://h/#token=OBS
participant site-a AAA http://h/join#token=AAA
participant élan EEE http://h/join#token=EEE
`;

  it('has a token for each, of a participant the latest', async () => {
    const tokenFile = fileWith(both);
    const of = (...[roles, name]: [('participant' | 'operator' | 'observer')[], string?]) =>
      tokenOf({ tokenFile }, { roles, name });
    expect(await of(['participant'], 'site-a')).toBe('AAA');
    expect(await of(['participant'], 'site-b')).toBe('BBB');
    expect(await of(['participant'], 'e\u0301lan')).toBe('EEE');
    expect(await of(['operator'])).toBe('OPS');
    expect(await of(['operator', 'observer'])).toBe('OPS');
    expect(await of(['observer'])).toBe('OBS');
    await expect(of(['participant'])).rejects.toMatchObject({
      message: expect.stringMatching(/has the tokens of site-a, site-b, élan$/),
      hint: expect.stringContaining('--name'),
    });
    await expect(of(['participant'], 'site-c')).rejects.toThrow(/has no token of site-c$/);
  });

  it('may be cut to one participant’s line, which needs no name', async () => {
    const tokenFile = fileWith('participant site-b BBB http://h/join#token=BBB\n');
    expect(await tokenFrom({ tokenFile })).toBe('BBB');
    await expect(tokenOf({ tokenFile }, { roles: ['operator', 'observer'] })).rejects.toThrow(
      'has no token of an operator or an observer',
    );
  });
});

describe('a link in place of an address', () => {
  const token = 'qB3x-YzK0_abcdefghijklmnopqrstuvwxyzABCDEF1';
  const owner = { roles: ['participant'] as const };

  it('brings its token, and whatever the environment has does not count', async () => {
    vi.stubEnv('COMMONWEIGHT_TOKEN', 'of the environment');
    expect(await hubAccessFrom(`http://h:1/join#token=${token}`, {}, owner)).toMatchObject({
      ...{ address: 'http://h:1', token },
    });
    expect(await hubAccessFrom('http://h:1', {}, owner)).toMatchObject({ token: 'of the environment' });
  });

  it.each([`#token=${token.slice(0, 20)}`, `#token=${token}&key=ab`])(
    'that is cut off is told as that, and not repeated: %s',
    async (fragment) => {
      vi.stubEnv('COMMONWEIGHT_TOKEN', 'of the environment');
      const error = await hubAccessFrom(`http://h:1/join${fragment}`, {}, owner).catch((cause) => cause);
      expect(error).toMatchObject({
        message: 'the link is not whole: its token or its key is cut off, or has something else in it',
        hint: expect.stringMatching(/^copy all of it, in quotes: a token has 43 .*, a key 64 /),
      });
      expect(`${error.message} ${error.hint}`).not.toContain(token.slice(0, 8));
    },
  );

  it('and a flag with another token are one too many', async () => {
    const asked = hubAccessFrom(`http://h:1/#token=${token}`, { token: 'x' }, owner);
    await expect(asked).rejects.toThrow('the link has a token, and another is given by a flag');
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
