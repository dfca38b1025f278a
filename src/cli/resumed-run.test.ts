import { copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight, sample, startedIn } from '../../test/run-command.js';

const { folder, end } = startedIn('commonweight-resumed-');
afterAll(end);
const at = (...path: string[]) => join(folder, ...path);
const inFolder = (...args: string[]) => commonweight(args, { cwd: folder });

mkdirSync(at('project'));
cpSync(sample, at('project', 'data'), { recursive: true });
const settings = (rounds: number, more = '') => `dataset: ./data
seed: 3
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [16] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: ${rounds}
${more}`;
writeFileSync(at('project', 'one.yaml'), settings(1));
writeFileSync(at('project', 'two.yaml'), settings(2));

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
    expect(test.stderr).toContain('the test images are others than when the run in "changed" began');
    expect(test.status).toBe(2);
    copyFileSync(
      join(sample, 't10k-labels-idx1-ubyte.gz'),
      at('project', 'data', 't10k-labels-idx1-ubyte.gz'),
    );
    expect(await inFolder(...run)).toMatchObject({ status: 0, stderr: '' });
  });
});
