import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { sample, start } from '../../../test/run-command.js';
import { recordedView } from '../../report/pages/recorded-view.js';

const cwd = mkdtempSync(join(tmpdir(), 'commonweight-path-'));
afterAll(() => rmSync(cwd, { recursive: true }));

it('the path of a data set stays on its machine: what is handed on has its name', async () => {
  const data = join(cwd, 'home of kim', 'pictures');
  cpSync(sample, data, { recursive: true });
  writeFileSync(
    join(cwd, 'f.yaml'),
    `dataset: ${data}
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [4] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { steps: 1 }
rounds: 1
`,
  );
  expect(await commonweight(['run', 'f.yaml', '--out', 'run'], { cwd })).toMatchObject({ stderr: '' });
  expect((await commonweight(['report', 'run'], { cwd })).stderr).toBe('');
  const model = readFileSync(join(cwd, 'run/model.safetensors'), 'latin1');
  expect(model).toContain('"dataset":"\\"pictures\\""');
  const handedOn = ['model.safetensors', 'model.onnx', 'metrics.csv', 'report.html', 'report.md'];
  const overview = JSON.stringify((await recordedView(join(cwd, 'run'), {})).overview);
  for (const text of [overview, ...handedOn.map((file) => readFileSync(join(cwd, 'run', file), 'latin1'))]) {
    expect(text).not.toContain('home of kim');
  }
  // Beside its run, a model is evaluated on the data that it comes from.
  const evaluated = await commonweight(['evaluate', 'run/model.safetensors', '--json', 'e.json'], { cwd });
  expect(evaluated.stderr).toBe('');
});

it('the commands that serve prints for a trial have the path, where this machine finds it', async () => {
  const serving = start(['serve', 'f.yaml', '--out', 'served', '--port', '0'], { cwd });
  const printed = await serving.until(/to watch: /);
  serving.child.kill();
  await serving.ended;
  expect(printed).toContain(` --data '${join(cwd, 'home of kim', 'pictures')}' --partition v:1/2\n`);
});
