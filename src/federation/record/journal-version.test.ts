import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfiguration } from '../../protocol/configuration/configuration.js';
import { JOURNAL_VERSION } from './journal-version.js';
import { readRun } from './read-run.js';
import { claimRun, jobOf } from './run-claim.js';
import { openRunFolder, prepareRunFolder } from './run-folder.js';

const configuration = parseConfiguration(
  {
    partition: { name: 'v' },
    model: { name: 'mlp' },
    optimizer: { name: 'adam' },
    local: { epochs: 1 },
    rounds: 1,
  },
  'test',
);

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'journal-version-'));
  await prepareRunFolder(folder, configuration);
});
afterEach(() => rmSync(folder, { recursive: true }));

const jobFile = () => join(folder, 'job.json');

describe('the version of a journal', () => {
  it('is kept with the run, from the first start on', async () => {
    await jobOf(folder);
    expect(JSON.parse(readFileSync(jobFile(), 'utf8'))).toMatchObject({ epoch: 0, journal: JOURNAL_VERSION });
    await (await claimRun(folder)).release();
    expect(JSON.parse(readFileSync(jobFile(), 'utf8'))).toMatchObject({ epoch: 1, journal: JOURNAL_VERSION });
  });

  it.each([
    ['newer', JOURNAL_VERSION + 1],
    ['older', JOURNAL_VERSION - 1],
    ['older, and not said', 1],
  ])('is named where it is %s, and nothing is read or written then', async (_, version) => {
    const said = version > 1 ? `"journal":${version},` : '';
    const newer = `{"job":"0123456789abcdef",${said}"what":"else"}`;
    writeFileSync(jobFile(), newer);
    // It may hold facts and settings that nobody here knows.
    writeFileSync(join(folder, 'configuration.yaml'), 'tomorrow: 1\n');
    writeFileSync(join(folder, 'journal.jsonl'), '{"type":"tomorrow"}\nhalf');
    const message = `the journal in "${folder}" is of version ${version}, expected ${JOURNAL_VERSION}`;
    await expect(openRunFolder(folder, configuration)).rejects.toThrow(message);
    await expect(readRun(folder)).rejects.toThrow(message);
    expect(readFileSync(jobFile(), 'utf8')).toBe(newer);
    expect(readFileSync(join(folder, 'journal.jsonl'), 'utf8')).toBe('{"type":"tomorrow"}\nhalf');
  });
});
