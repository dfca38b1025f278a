import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { MOST_OPEN } from '../src/tensor/weights/node/open-weights.js';
import { openFiles, runMany } from './many-participants.js';

const folder = mkdtempSync(join(tmpdir(), 'many-participants-'));
afterAll(() => rmSync(folder, { recursive: true }));

const PARTICIPANTS = MOST_OPEN + 100;

it('more participants than files stay open come to the bytes of merging in memory', async () => {
  const before = openFiles() ?? 0;
  const inFiles = await runMany(PARTICIPANTS, join(folder, 'run'));
  const inMemory = await runMany(PARTICIPANTS, undefined);
  expect(inFiles.model).toBe(inMemory.model);
  if (inFiles.openFiles !== undefined) expect(inFiles.openFiles - before).toBeLessThan(MOST_OPEN + 40);
});
