import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { expectSameAsRun, federate, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

vi.setConfig({ maxConcurrency: 2 });

/** In one federation a process dies so often, so that there are fewer of them. */
const DEATHS = 3;

/** The moments of an undisturbed run, each once. */
async function recorded(name: string, more?: string) {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'federation.yaml'), federationYaml(more));
  await federate(folder, {}, { record: true });
  const of = (file: string) => [...new Set(readFileSync(join(folder, file), 'utf8').trim().split('\n'))];
  return { coordinator: of('coordinator.moments'), participant: of('participant.moments') };
}

/** Every moment in one of the groups; those of a group come one after the other, with much between them. */
function groups(moments: readonly string[]): string[][] {
  const count = Math.ceil(moments.length / DEATHS);
  return Array.from({ length: count }, (_, first) => moments.filter((_, k) => k % count === first));
}

const moments = await recorded('undisturbed');
const roles = ['coordinator', 'participant'] as const;
const cases = roles.flatMap((role) => groups(moments[role]).map((names) => ({ role, names })));

describe('a federation whose processes are killed at any moment and started again comes to the bytes of `run`', () => {
  it('has all kinds of moments', () => {
    const count = (pattern: RegExp, names: readonly string[]) =>
      names.filter((name) => pattern.test(name)).length;
    expect(count(/^journal: /, moments.coordinator)).toBe(3 * 14);
    expect(count(/a piece of it written|a part of it sent/, moments.coordinator)).toBeGreaterThanOrEqual(4);
    expect(count(/^announcement: /, moments.participant)).toBe(3 * 6);
    expect(count(/^(up|down)load of/, moments.participant)).toBe(4);
  });

  it.concurrent.for(cases)('the $role: $names', async ({ role, names }, { signal }) => {
    const folder = join(root, `${role}-${cases.findIndex((one) => one.names === names)}`);
    await expectSameAsRun(folder, federationYaml(), { [role]: names.map(escaped) }, { signal });
  });
});

const escaped = (name: string) => name.replace(/[.*+?^$()[\]{}|]/g, '\\$&');
