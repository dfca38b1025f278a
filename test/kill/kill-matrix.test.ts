import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-kill-'));
afterAll(() => rmSync(root, { recursive: true }));

// Of every kind of moment one, on both sides (that a file is in place: nats-kill.test.ts); the whole matrix is in kill-matrix.full.test.ts.
it('a federation whose processes are killed and started again comes to the bytes of `run`', async ({
  signal,
}) => {
  const { coordinator } = await expectSameAsRun(
    join(root, 'killed'),
    federationYaml('{ refit: { rounds: every }, codec: { update: half, model: half }, clipUpdate: 1 }'),
    {
      coordinator: [
        '.*: a piece of it written',
        'journal: update-received 1 .* written',
        'journal: contributed 1 .* written',
      ],
      participant: ['announcement: update 1 sent', 'download of .*'],
    },
    { signal },
  );
  expect(coordinator.match(/the hub listens/g)).toHaveLength(4);
});
