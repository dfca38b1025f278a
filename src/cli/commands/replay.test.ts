import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample } from '../../../test/run-command.js';
import { runFederation } from '../../federation/coordinator/run-federation.js';
import { journalLine, parseJournal } from '../../federation/record/journal.js';

const cwd = mkdtempSync(join(tmpdir(), 'commonweight-replay-'));
afterAll(() => rmSync(cwd, { recursive: true }));

describe('replay', () => {
  it('ends with 0 where every round has the recorded bytes, with 1 where one has not, with 2 where it cannot be', async () => {
    const path = join(cwd, 'run');
    await runFederation(
      {
        ...{ dataset: sample, partition: { name: 'v' }, model: { name: 'mlp', hidden: [4] } },
        ...{ optimizer: { name: 'adam' }, local: { epochs: 1 }, rounds: 2 },
      },
      { out: path, workers: 1 },
    );
    const changed = join(cwd, 'changed');
    cpSync(path, changed, { recursive: true });
    const journal = join(changed, 'journal.jsonl');
    const forged = parseJournal(readFileSync(journal, 'utf8'), journal).map((event) =>
      event.type === 'merged' && event.round === 2 ? { ...event, sha256: 'f'.repeat(64) } : event,
    );
    writeFileSync(journal, forged.map(journalLine).join(''));
    const [same, other, none] = await Promise.all(
      ['run', 'changed', 'nowhere'].map((name) => commonweight(['replay', name], { cwd })),
    );
    expect(same).toMatchObject({ status: 0, stderr: '' });
    expect(same?.stdout).toMatch(/^run: 2 rounds of 2 participants, made with commonweight /);
    expect(same?.stdout).toMatch(/^round 1 {2}the same model, \w{12}…\nround 2 {2}the same model, \w{12}…$/m);
    expect(same?.stdout).toContain(
      'the model is what the journal says: all 2 rounds have the recorded bytes',
    );
    expect(other?.status).toBe(1);
    expect(other?.stdout).toMatch(/^round 2 {2}another model, \w{12}…, recorded f{12}…/m);
    expect(other?.stdout).toMatch(/journal in round 2: the merged model is /);
    expect(none).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('there is no folder "nowhere"'),
    });
  });
});
