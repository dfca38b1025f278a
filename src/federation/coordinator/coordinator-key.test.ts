import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sample } from '../../../test/run-command.js';
import { base } from '../../../test/served-federation.js';
import { subset } from '../../data/dataset.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import { FederationError } from '../error.js';
import { coordinatorKey } from './coordinator-key.js';
import { runFederation } from './run-federation.js';
import { serveFederation } from './serve-federation.js';

describe('the key of a run', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is drawn at the first start, for nobody else to read, and is the same afterwards', async () => {
    const [first, beside] = await Promise.all([coordinatorKey(folder), coordinatorKey(folder)]);
    expect(beside).toEqual(first);
    expect(await coordinatorKey(folder)).toEqual(first);
    const { mode } = await stat(join(folder, 'coordinator.key'));
    expect(mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder, 'coordinator.key'), 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('is not left in the folder of a run with other data, which is refused', async () => {
    const { train, test } = await loadDataset(sample);
    const data = { train, test: subset(test, [0, 1, 2, 3], 'test') };
    await runFederation({ ...base, rounds: 1 }, { out: folder, data, workers: 1 });
    const served = serveFederation(
      { ...base, rounds: 1 },
      {
        out: folder,
        open: () => Promise.reject(new Error('it is open')),
      },
    );
    await expect(served).rejects.toThrow(/the test examples are others than when the run/);
    expect(await readdir(folder)).not.toContain('coordinator.key');
  });

  it('is not drawn anew where its file is damaged, and the error does not have it', async () => {
    const damaged = `${'ab'.repeat(31)}\n`;
    await writeFile(join(folder, 'coordinator.key'), damaged);
    const error = await coordinatorKey(folder).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(FederationError);
    expect(String((error as Error).stack)).toMatch(
      /coordinator\.key" is damaged, expected 64 hexadecimal digits/,
    );
    expect(String((error as Error).stack)).not.toContain('abab');
  });
});
