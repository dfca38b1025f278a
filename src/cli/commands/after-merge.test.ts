import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { type Ended, sample, start } from '../../../test/run-command.js';
import type { RunResult } from '../../federation/record/run-result.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-after-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const shared = `dataset: ${sample}
partition: { name: h }
model: { name: mlp, hidden: [32] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 2 }
`;
const federation = at('federation.yaml');
writeFileSync(
  federation,
  `${shared}rounds: 4
server: { name: fed-avg-m, momentum: 0.5, nesterov: true }
average: { name: ema, decay: 0.5, final: true }
`,
);
const refitting = at('refitting.yaml');
writeFileSync(refitting, `${shared}rounds: 2\nrefit: { lambda: 0.1 }\n`);
const run = (out: string, file = federation) => ['run', file, '--out', at(out)];
const resultOf = (out: string) => JSON.parse(readFileSync(at(out, 'result.json'), 'utf8')) as RunResult;
const sha256 = (...path: string[]) =>
  createHash('sha256')
    .update(readFileSync(at(...path)))
    .digest('hex');

let first: Ended;
beforeAll(async () => {
  first = await commonweight(run('first'));
});

describe('a run with a server optimizer and an average as its final model', () => {
  it('says so before it begins, in every round, and at the end', () => {
    const { status, stdout, stderr } = first;
    expect([status, stderr]).toEqual([0, '']);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain(
      'mean of the weights, after a step of fed-avg-m (learning rate 1), is copied back; ema(decay=0.5) is kept beside it, the final model',
    );
    expect(stdout).toMatch(
      /round 4 {2}merged, on the test images: mean [\d.]+%, ema\(decay=0\.5\) [\d.]+%\n/,
    );
    expect(stdout).toMatch(/\nround .* mean +ema\(decay=0\.5\) /);
    expect(words).toMatch(
      /the final model is the average of the rounds, ema\(decay=0\.5\): [\d.]+% on the test images/,
    );
  });

  it('exports the average, whose accuracy stands in the result beside that of the merged model', () => {
    const result = resultOf('first');
    expect(Object.keys(result.rounds[3]!.merged)).toEqual(['mean', 'ema(decay=0.5)']);
    expect(result.model!.sha256).toBe(sha256('first/model.safetensors'));
    expect(sha256('first/model.safetensors')).toBe(sha256('first/models/average-4.safetensors'));
    expect(sha256('first/model.safetensors')).not.toBe(sha256('first/models/round-4.safetensors'));
  });

  it('comes to the same files after a SIGKILL', async () => {
    const { child, until, ended } = start(run('killed'));
    await until(/round 3 {2}environment-1 {2}epoch 1/);
    child.kill('SIGKILL');
    expect((await ended).status).toBeNull();
    expect((await commonweight(run('killed'))).status).toBe(0);
    for (const file of ['model', 'models/round-4', 'models/average-4', 'models/server-4']) {
      expect(sha256('killed', `${file}.safetensors`)).toBe(sha256('first', `${file}.safetensors`));
    }
  });
});

describe('a run that refits the last layer', () => {
  it('is better by far where no participant knows half of the classes, and says what it did', async () => {
    const { status, stdout, stderr } = await commonweight(run('refit', refitting));
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.replace(/\s+/g, ' ')).toContain('the last layer is refitted after the last round');
    expect(stdout).toMatch(/round 2 {2}last layer refitted, on the test images: [\d.]+%\n/);
    expect(stdout).toMatch(/with its last layer refitted, the final model has [\d.]+% on the test images/);
    const { merged } = resultOf('refit').rounds[1]!;
    expect(merged.refit!.test.accuracy).toBeGreaterThan(merged.mean!.test.accuracy! + 0.05);
    expect(sha256('refit/model.safetensors')).toBe(sha256('refit/models/refitted-2.safetensors'));
  });

  it('gives the bytes of another number of workers, and leaves no sums behind', async () => {
    expect((await commonweight([...run('refit-1', refitting), '--workers', '1'])).status).toBe(0);
    expect(sha256('refit-1/model.safetensors')).toBe(sha256('refit/model.safetensors'));
    expect(readdirSync(at('refit-1/updates'))).toEqual([]);
  });
});
