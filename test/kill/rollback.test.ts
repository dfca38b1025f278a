import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commonweight } from '../command-in-process.js';
import { handedOut } from '../handed-out.js';
import { expectSameAsRun, federationYaml } from './federation.js';

const root = mkdtempSync(join(tmpdir(), 'commonweight-rollback-'));
afterAll(() => rmSync(root, { recursive: true }));

it('a coordinator that dies right after an operator went back comes to the bytes of `run`', {
  timeout: 120_000,
}, async ({ signal }) => {
  const folder = join(root, 'run');
  let asked: Promise<unknown> | undefined;
  const { coordinator } = await expectSameAsRun(
    folder,
    federationYaml('rounds: 4'),
    { coordinator: [{ dieAt: 'journal: rolled-back .* synced', after() {} }] },
    {
      signal,
      onOutput(text) {
        if (asked !== undefined || !/^round 2 {2}merged/m.test(text)) return;
        const url = /the hub listens on (\S+)\n/.exec(text)?.[1] ?? '';
        const { tokens } = handedOut(join(folder, 'coordinator'));
        asked = commonweight(['rollback', url, '--to', '1', '--token', tokens.get('operator') ?? '']);
      },
    },
  );
  expect(coordinator.match(/^round 2 {2}merged/gm)).toHaveLength(2);
});
