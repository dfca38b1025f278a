import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { sha256Of } from '../../src/base/node/sha256-of.js';
import { expectSameAsRun, type Fates, federate, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

vi.setConfig({ maxConcurrency: 2, testTimeout: 300_000 });

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

/**
 * Every moment in one of the groups; those of a group come one after the other, with much between
 * them.
 */
function groups(moments: readonly string[]): string[][] {
  const count = Math.ceil(moments.length / DEATHS);
  return Array.from({ length: count }, (_, first) => moments.filter((_, k) => k % count === first));
}

const moments = await recorded('undisturbed');
const roles = ['coordinator', 'participant'] as const;
const cases = roles.flatMap((role) =>
  groups(moments[role]).map((names) => ({ role, names, title: names.join(', ') })),
);

describe('a federation whose processes are killed at any moment and started again comes to the bytes of `run`', () => {
  it('has all kinds of moments', () => {
    const count = (pattern: RegExp, names: readonly string[]) =>
      names.filter((name) => pattern.test(name)).length;
    expect(count(/^journal: /, moments.coordinator)).toBe(3 * 15);
    expect(count(/a piece of it written|a part of it sent/, moments.coordinator)).toBeGreaterThanOrEqual(4);
    expect(count(/what there is of it synced/, moments.coordinator)).toBe(4);
    expect(count(/^announcement: /, moments.participant)).toBe(3 * 6);
    expect(count(/^(up|down)load of/, moments.participant)).toBe(4);
  });

  it.concurrent.for(cases)('the $role: $title', async ({ role, names }, { signal }) => {
    const folder = join(root, `${role}-${cases.findIndex((one) => one.names === names)}`);
    await expectSameAsRun(folder, federationYaml(), { [role]: names.map(escaped) }, { signal });
  });
});

const others: [string, string, Fates][] = [
  [
    'with SCAFFOLD, whose control variates outlive everybody',
    'correction: { name: scaffold }',
    {
      coordinator: [
        'journal: update-received 1 .* synced',
        'methods/control-1.* in place',
        'journal: merged 2 begun',
      ],
      participant: [
        'attachment-control.safetensors in place',
        'announcement: update 1 sent',
        'own-control.* in place',
      ],
    },
  ],
  [
    'with SCAFFOLD, a number of steps, and one participant in each round',
    'correction: { name: scaffold }\nlocal: { steps: 8 }\nparticipantsPerRound: 1\nrounds: 3',
    {
      coordinator: ['journal: update-received 2 .* written'],
      participant: ['own-control-1.safetensors in place'],
    },
  ],
  [
    'in steps, by those who are drawn for a round',
    'local: { steps: 8 }\npartition: { name: v, participants: 3 }\nparticipantsPerRound: 2\nrounds: 3\nseed: 3',
    {
      coordinator: ['journal: update-received 1 .* written', 'journal: merged 2 synced'],
      participant: ['update.json in place', 'announcement: evaluated 3 sent'],
    },
  ],
];

describe('such a federation comes to the bytes of `run`', () => {
  it.for(others)('%s', async ([name, settings, fates], { signal }) => {
    const folder = join(root, name.replaceAll(/\W+/g, '-'));
    await expectSameAsRun(folder, federationYaml(settings), fates, { signal });
  });
});

it('a coordinator that is killed after a deadline merges those whom the journal has, and says so in it', async ({
  signal,
}) => {
  const yaml = federationYaml('quorum: 1\ndeadlineSeconds: 2');
  const [alone, killed] = await Promise.all(
    [
      [],
      [
        'journal: deadline-passed 1 synced',
        'journal: merged 1 written',
        'journal: update-received 2 .* written',
      ],
    ].map(async (coordinator, k) => {
      const folder = join(root, `deadline-${k}`);
      mkdirSync(folder);
      writeFileSync(join(folder, 'federation.yaml'), yaml);
      // The other never comes.
      const { models } = await federate(folder, { coordinator }, { signal, participants: 1 });
      const journal = readFileSync(join(folder, 'coordinator/journal.jsonl'), 'utf8');
      const counted = [...journal.matchAll(/"counted":(\[.*?\])/g)].map(([, names]) => names);
      return { model: sha256Of(models[0]!), counted };
    }),
  );
  expect(killed).toEqual(alone);
  expect(alone?.counted).toEqual(['["environment-1"]', '["environment-1"]']);
});

const escaped = (name: string) => name.replace(/[.*+?^$()[\]{}|]/g, '\\$&');
