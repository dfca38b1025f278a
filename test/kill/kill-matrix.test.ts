import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, it } from 'vitest';
import { expectSameAsRun, type Fates, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

// Of every kind of moment one; the whole matrix is in kill-matrix.full.test.ts.
const cases: [string, Fates, string?][] = [
  [
    'a coordinator that dies around journal entries, in the middle of an upload and after it',
    {
      coordinator: [
        'journal: joined 1 .* begun',
        '.*: a piece of it written',
        '.*: what there is of it synced',
        'journal: update-received 1 .* written',
        'journal: merged 1 synced',
      ],
    },
  ],
  [
    'both sides, around files, transfers and announcements',
    {
      coordinator: ['models/round-1.* in place', 'result.json in place'],
      participant: [
        'upload of .*',
        'announcement: update 1 sent',
        'download of .*',
        'model.safetensors in place',
      ],
    },
  ],
  [
    'with SCAFFOLD, a number of steps, and one participant in each round',
    {
      coordinator: ['journal: update-received 2 .* written'],
      participant: ['own-control-1.safetensors in place'],
    },
    'correction: { name: scaffold }\nlocal: { steps: 8 }\nparticipantsPerRound: 1\nrounds: 3\n',
  ],
];

describe('a federation whose processes are killed and started again comes to the bytes of `run`', () => {
  it.for(cases)('%s', { timeout: 180_000 }, async ([name, deaths, more], { signal }) => {
    const folder = join(root, `${cases.findIndex(([other]) => other === name)}`);
    await expectSameAsRun(folder, federationYaml(more), deaths, { signal });
  });
});
