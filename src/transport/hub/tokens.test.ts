import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransportError } from '../error.js';
import { openTokens } from './tokens.js';

describe('tokens', () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-tokens-'));
    path = join(folder, 'tokens.json');
  });
  afterEach(() => rm(folder, { recursive: true }));

  const siteA = { role: 'participant', name: 'site-a' } as const;
  const siteB = { role: 'participant', name: 'site-b' } as const;

  it('say who it is, also when the file is opened again', async () => {
    const tokens = await openTokens(path);
    const [a, operator] = [await tokens.issue(siteA), await tokens.issue({ role: 'operator' })];
    for (const each of [tokens, await openTokens(path)]) {
      expect(each.check(a)?.identity).toEqual(siteA);
      expect(each.check(operator)?.identity).toEqual({ role: 'operator' });
      expect(each.check(`${a.slice(0, -1)}_`)).toBeUndefined();
      expect(each.check('')).toBeUndefined();
    }
  });

  it('have 256 bits, are not in the file, and the file is read by its owner only', async () => {
    const token = await (await openTokens(path)).issue(siteA);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(await readFile(path, 'utf8')).not.toContain(token);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('of a participant void those before them, and nobody else’s', async () => {
    const tokens = await openTokens(path);
    const [first, other] = [await tokens.issue(siteA), await tokens.issue(siteB)];
    const record = tokens.check(first)!;
    expect(tokens.stands(record)).toBe(true);
    const second = await tokens.issue(siteA);
    expect(tokens.check(first)).toBeUndefined();
    expect(tokens.stands(record)).toBe(false);
    expect(tokens.check(second)?.identity).toEqual(siteA);
    expect(tokens.check(other)?.identity).toEqual(siteB);
  });

  it('are shown before they are kept: who is killed in between shows another at the next start', async () => {
    const tokens = await openTokens(path);
    let there = true;
    await tokens.issue(siteA, () => {
      there = existsSync(path);
    });
    expect(there).toBe(false);
    expect(existsSync(path)).toBe(true);
  });

  it('are void once revoked, and for good', async () => {
    const tokens = await openTokens(path);
    const [a, observer] = [await tokens.issue(siteA), await tokens.issue({ role: 'observer' })];
    expect(await tokens.revoke({ role: 'observer' })).toBe(1);
    expect(await tokens.revoke({ role: 'observer' })).toBe(0);
    expect((await openTokens(path)).check(observer)).toBeUndefined();
    expect(tokens.check(a)?.identity).toEqual(siteA);
  });

  it('that are issued at once are all kept', async () => {
    const tokens = await openTokens(path);
    const names = Array.from({ length: 20 }, (_, i) => `site-${i}`);
    const issued = await Promise.all(names.map((name) => tokens.issue({ role: 'participant', name })));
    const again = await openTokens(path);
    expect(issued.map((token) => again.check(token)?.identity)).toEqual(
      names.map((name) => ({ role: 'participant', name })),
    );
  });

  it('in a damaged file are an error that says what to do', async () => {
    await writeFile(path, '{"version":2}');
    await expect(openTokens(path)).rejects.toThrow(TransportError);
    await expect(openTokens(path)).rejects.toMatchObject({ hint: expect.stringContaining('new tokens') });
  });
});
