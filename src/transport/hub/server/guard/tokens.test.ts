import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransportError } from '../../../error.js';
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
    await tokens.issue(siteA, {
      beforeKept() {
        there = existsSync(path);
      },
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

  it('are valid for the days they were given, and no longer', async () => {
    let now = Date.parse('2026-01-01T00:00:00Z');
    const tokens = await openTokens(path, () => now);
    const [a, b] = [await tokens.issue(siteA, { days: 2 }), await tokens.issue(siteB)];
    const record = tokens.check(a)!;
    now += 2 * 86_400_000 - 1;
    expect(tokens.stands(record)).toBe(true);
    now++;
    expect(tokens.stands(record)).toBe(false);
    expect(tokens.check(a)).toBeUndefined();
    expect((await openTokens(path, () => now)).check(a)).toBeUndefined();
    expect(tokens.check(b)?.identity).toEqual(siteB);
    // Whoever has no valid one is given one at the next start.
    expect(tokens.list().map(({ identity }) => identity)).toEqual([siteB]);
  });

  it('that are rotated stand until the new one is used, also when the file is opened again', async () => {
    const tokens = await openTokens(path);
    const first = await tokens.issue(siteA);
    const other = await tokens.issue(siteB);
    const lost = await tokens.issue(siteA, { rotate: true });
    const second = await tokens.issue(siteA, { rotate: true });
    const again = await openTokens(path);
    const old = again.check(first)!;
    expect(old.identity).toEqual(siteA);
    // Nobody has used it, and there is a newer one.
    expect(again.check(lost)).toBeUndefined();
    expect(again.check(second)?.identity).toEqual(siteA);
    // What has followed from the first use is on the disk when something else is.
    await again.issue({ role: 'observer' });
    expect(again.check(first)).toBeUndefined();
    expect(again.stands(old)).toBe(false);
    expect(again.check(second)?.identity).toEqual(siteA);
    expect(again.check(other)?.identity).toEqual(siteB);
    expect(await readFile(path, 'utf8')).not.toContain('rotates');
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
