import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight, type Ended, sample, start } from '../../test/run-command.js';
import type { RunResult } from '../federation/run-result.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-after-merge-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);

const federation = at('federation.yaml');
writeFileSync(
  federation,
  `dataset: ${sample}
partition: { name: h }
model: { name: mlp, hidden: [32] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 2 }
rounds: 4
server: { name: fed-avg-m, momentum: 0.5, nesterov: true }
average: { name: ema, decay: 0.5, final: true }
`,
);
const run = (out: string) => ['run', federation, '--out', at(out)];
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
    const result = JSON.parse(readFileSync(at('first/result.json'), 'utf8')) as RunResult;
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
