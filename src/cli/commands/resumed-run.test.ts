import { copyFileSync, cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, startedIn } from '../../../test/run-command.js';

const { folder, end } = startedIn('commonweight-resumed-');
afterAll(end);
const at = (...path: string[]) => join(folder, ...path);
const there = (...args: string[]) => commonweight(args, { cwd: at('elsewhere') });
const inFolder = (...args: string[]) => commonweight(args, { cwd: folder });

mkdirSync(at('project'));
cpSync(sample, at('project', 'data'), { recursive: true });
const settings = `dataset: ./data
seed: 3
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [16] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 1
`;
writeFileSync(at('project', 'one.yaml'), settings);

/** Every label becomes the next, in the files of a copy. */
function moveLabels(data: string, name: string): void {
  const bytes = gunzipSync(readFileSync(join(sample, `${name}.gz`)));
  for (let k = 8; k < bytes.length; k++) bytes[k] = ((bytes[k] as number) + 1) % 10;
  writeFileSync(join(data, `${name}.gz`), bytes);
}

describe('a run that is taken up again', () => {
  it('is refused where its data are others, with who has them', async () => {
    const run = ['run', 'project/one.yaml', '--dataset', 'project/data', '--out', 'changed'];
    expect(await inFolder(...run)).toMatchObject({ status: 0 });
    const labels = 'train-labels-idx1-ubyte';
    moveLabels(at('project', 'data'), labels);
    const train = await inFolder(...run);
    expect(train.stderr).toMatch(
      /^commonweight: "environment-1" has other data than when the run in "changed" began: their SHA-256 is [0-9a-f]{12}…, expected [0-9a-f]{12}…\n {2}put back/,
    );
    expect(train.status).toBe(2);
    copyFileSync(join(sample, `${labels}.gz`), at('project', 'data', `${labels}.gz`));
    moveLabels(at('project', 'data'), 't10k-labels-idx1-ubyte');
    const test = await inFolder(...run);
    expect(test.stderr).toContain('the test examples are others than when the run in "changed" began');
    expect(test.status).toBe(2);
    copyFileSync(
      join(sample, 't10k-labels-idx1-ubyte.gz'),
      at('project', 'data', 't10k-labels-idx1-ubyte.gz'),
    );
    expect(await inFolder(...run)).toMatchObject({ status: 0, stderr: '' });
  });

  it('says that the reference was reached, where more rounds change nothing', async () => {
    const run = (...more: string[]) =>
      inFolder('run', 'project/one.yaml', '--reference', '0.01', '--out', 'reached', ...more);
    expect(await run()).toMatchObject({ status: 0 });
    const { stdout, status } = await run('--rounds', '5');
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'the reference was reached, so that more --rounds change nothing',
    );
    expect(status).toBe(0);
  });

  it('finds its data from where its file lies, and by --data when they were moved', async () => {
    mkdirSync(at('elsewhere'));
    expect(await there('run', '../project/one.yaml', '--out', 'run')).toMatchObject({
      status: 0,
      stderr: '',
    });
    renameSync(at('project', 'data'), at('moved'));
    for (const command of [
      ['replay', 'run'],
      ['evaluate', 'run/model.safetensors'],
    ]) {
      const lost = await there(...command);
      expect(lost.status).toBe(2);
      expect(lost.stderr).toMatch(/data" is neither a known data set nor a folder.*\n.*--data DIR/);
    }
    const found = await there('replay', 'run', '--data', '../moved');
    expect(found.stdout).toContain('has the recorded bytes');
    expect(found.status).toBe(0);
    const model = await there('evaluate', 'run/model.safetensors', '--data', '../moved');
    expect(model).toMatchObject({ status: 0, stderr: '' });
  });

  it('goes on with more rounds, and with data that were moved', async () => {
    const resumed = ['run', '../project/one.yaml', '--out', 'run', '--rounds', '2', '--dataset', '../moved'];
    expect(await there(...resumed)).toMatchObject({ status: 0, stderr: '' });
    expect(await there('report', 'run')).toMatchObject({ status: 0 });
    const page = readFileSync(at('elsewhere', 'run', 'report.html'), 'utf8');
    expect(page).not.toContain('neither a known data set');
  });
});
