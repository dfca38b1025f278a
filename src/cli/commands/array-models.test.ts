/** Arrays from a file to a model, an evaluation and an ONNX file. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { type NpyArray, writeNpyFolder } from '../../../test/write-npy.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-arrays-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
const command = (...args: string[]) => commonweight(args, { cwd: folder });
const json = (...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8'));

/** Four numbers; the first says the class, and each of three is a label if it is positive. */
function arrays(examples: number, seed: number): Record<string, NpyArray> {
  const signal = Float32Array.from({ length: 4 * examples }, (_, i) => Math.sin(12.9898 * (i + 1000 * seed)));
  const kind = Int32Array.from({ length: examples }, (_, i) => Number(signal[4 * i]! > 0));
  const found = Uint8Array.from({ length: 3 * examples }, (_, i) =>
    Number(signal[4 * Math.floor(i / 3) + 1 + (i % 3)]! > 0),
  );
  return {
    signal: { shape: [examples, 4], values: signal },
    kind: { shape: [examples], values: kind },
    found: { shape: [examples, 3], values: found },
  };
}

const inputs = { signal: { number: 'mV' } };
const kinds = { kind: 'arrays', inputs, targets: { kind: { category: ['down', 'up'] } } };
const labels = { kind: 'arrays', inputs, targets: { found: { labels: ['spike', 'flutter', 'block'] } } };
const settings = {
  ...{ model: { name: 'mlp', hidden: [8] }, optimizer: { name: 'adam', learningRate: 0.05 } },
  ...{ partition: { name: 'iid', participants: 2 }, local: { epochs: 3 }, rounds: 2, batchSize: 16 },
};
const write = (name: string, change: object) =>
  writeFileSync(at(name), stringify({ ...settings, ...change }));

beforeAll(async () => {
  writeNpyFolder(at('own'), arrays(200, 1));
  writeNpyFolder(at('other'), arrays(50, 2));
  write('kinds.yaml', {
    data: { ...kinds, test: './other' },
    dataset: './own',
    metrics: ['accuracy', 'auroc'],
    decision: 'youden',
  });
  const { status, stderr } = await command('run', 'kinds.yaml', '--out', 'run');
  expect(status, stderr).toBe(0);
});

describe('a run on arrays with a second file for the test', () => {
  it('trains on all of the first file, and tests on all of the second', async () => {
    const { rounds } = json('run', 'result.json');
    const examples = rounds[0].participants.map(({ examples: n }: { examples: number }) => n);
    // A tenth is for validation.
    expect(examples).toEqual([90, 90]);
    expect(rounds.at(-1).merged.mean.test.accuracy).toBeGreaterThan(0.85);
    expect(json('run', 'rounds', 'round-2.json').test.examples).toBe(50);
    const again = await command('run', 'kinds.yaml', '--out', 'run');
    expect(again.status, again.stderr).toBe(0);
  });

  it('is evaluated on that file, or on another, also away from its run', async () => {
    const { status, stdout, stderr } = await command('evaluate', 'run/model.safetensors', '--json', 'e.json');
    expect(status, stderr).toBe(0);
    const expected = json('run', 'result.json').rounds.at(-1).merged.mean.test;
    expect(json('e.json')).toMatchObject({ part: 'test', examples: 50 });
    for (const name of ['accuracy', 'auroc'])
      expect(json('e.json').figures[name]).toBeCloseTo(expected[name], 6);
    expect(stdout).toMatch(
      /^accuracy \d+\.\d\d%, AUROC [01]\.\d+, loss \S+ on 50 test examples of \S*other$/m,
    );
    writeFileSync(at('alone.safetensors'), readFileSync(at('run', 'model.safetensors')));
    const flags = ['--dataset', 'other', '--metrics', 'accuracy', '--json', 'a.json'];
    const alone = await command('evaluate', 'alone.safetensors', ...flags);
    expect(alone.status, alone.stderr).toBe(0);
    expect(json('a.json')).toMatchObject({ part: 'whole', examples: 50 });
    expect(json('a.json').figures.accuracy).toBeCloseTo(expected.accuracy, 6);
    // The file says the cut-off, too.
    const { test } = json('run', 'result.json').decision;
    expect(json('a.json').atCutOff).toMatchObject(test);
    const lost = await command('evaluate', 'alone.safetensors');
    expect(lost).toMatchObject({ status: 2, stderr: expect.stringContaining('--dataset') });
    writeNpyFolder(at('short'), { ...arrays(9, 3), signal: { shape: [9, 3], values: new Float32Array(27) } });
    const short = await command('evaluate', 'run/model.safetensors', '--dataset', 'short');
    expect(short).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/f32\[9,3\], expected \[examples,4\]/),
    });
  });

  it('is exported as ONNX, with the arrays as its inputs', async () => {
    const { status, stderr } = await command('export', 'run/model.safetensors', '-o', 'm.onnx');
    expect(status, stderr).toBe(0);
    expect(readFileSync(at('m.onnx'))).toEqual(readFileSync(at('run', 'model.onnx')));
    const session = await InferenceSession.create(readFileSync(at('m.onnx')));
    const { signal, kind } = arrays(50, 2);
    const { probabilities } = await session.run({
      signal: new Tensor('float32', signal!.values as Float32Array, [50, 4]),
    });
    await session.release();
    const right = [...kind!.values].filter(
      (is, i) => Number(probabilities!.data[2 * i + 1]! > probabilities!.data[2 * i]!) === is,
    );
    expect(right.length / 50).toBe(json('e.json').figures.accuracy);
  });
});

it('predicts each example of arrays, with or without their targets', async () => {
  const { signal } = arrays(50, 2);
  writeNpyFolder(at('inputs'), { signal: signal! });
  const flags = ['predict', 'run/model.safetensors', 'inputs', '-o', 'p.csv'];
  const { status, stdout, stderr } = await command(...flags);
  expect(status, stderr).toBe(0);
  expect(stdout).toBe('p.csv: 50 examples\n');
  const [header, ...lines] = readFileSync(at('p.csv'), 'utf8').trim().split('\n');
  expect(header).toBe('example,prediction,P(down),P(up)');
  const session = await InferenceSession.create(readFileSync(at('run', 'model.onnx')));
  const { probabilities } = await session.run({
    signal: new Tensor('float32', signal!.values as Float32Array, [50, 4]),
  });
  await session.release();
  const { cutOff } = json('run', 'result.json').decision;
  expect(lines.length).toBe(50);
  for (const [i, line] of lines.entries()) {
    const [example, name, ...p] = line.split(',');
    expect(example).toBe(String(i + 1));
    const expected = [0, 1].map((k) => probabilities!.data[2 * i + k] as number);
    for (const k of [0, 1]) expect(Number(p[k])).toBeCloseTo(expected[k]!, 6);
    expect(name).toBe(expected[1]! >= cutOff ? 'up' : 'down');
  }
  const shown = await command('predict', 'run/model.safetensors', 'own');
  expect(shown.stdout).toContain('and 190 more examples of 200: -o predictions.csv writes all');
  const missing = await command('predict', 'run/model.safetensors', 't.csv');
  expect(missing).toMatchObject({ status: 2, stderr: expect.stringContaining('"t.csv"') });
});

it('several labels are learned from an array of 0 and 1', async () => {
  write('labels.yaml', { data: labels, dataset: './own', local: { epochs: 6 } });
  const { status, stderr } = await command('run', 'labels.yaml', '--json', 'l.json', '--out', 'labels');
  expect(status, stderr).toBe(0);
  expect(json('l.json').metrics[0].name).toBe('f1-macro');
  expect(json('l.json').rounds.at(-1).merged.mean.test['f1-macro']).toBeGreaterThan(0.85);
  const predicted = await command('predict', 'labels/model.safetensors', 'own');
  expect(predicted.stdout).toMatch(/^example +spike +flutter +block +P\(spike\)/);
  write('two.yaml', { data: { ...labels, targets: { found: { labels: ['a', 'b'] } } }, dataset: './own' });
  const two = await command('run', 'two.yaml');
  expect(two).toMatchObject({ status: 2, stderr: expect.stringContaining('expected [examples,2]') });
  write('three.yaml', {
    data: { ...labels, inputs: { found: 'number' }, targets: { signal: { labels: [1, 2, 3, 4] } } },
    dataset: './own',
  });
  expect((await command('run', 'three.yaml')).stderr).toContain('expected whole numbers');
});

describe('commonweight export of a table', () => {
  it('gives the model.onnx of the run, which reads cells', async () => {
    writeFileSync(
      at('t.csv'),
      `n,c,ill\n${Array.from({ length: 40 }, (_, i) => `${i},${i % 3 ? 'a' : 'b'},${i % 2}`).join('\n')}\n`,
    );
    const data = {
      kind: 'table',
      columns: { n: 'number', c: ['a', 'b'] },
      target: { column: 'ill', positive: 1 },
    };
    write('t.yaml', { data, dataset: './t.csv', rounds: 1 });
    await command('run', 't.yaml', '--out', 'table');
    const { status, stdout, stderr } = await command('export', 'table/model.safetensors', '-o', 't.onnx');
    expect(status, stderr).toBe(0);
    expect(stdout).toMatch(/^t\.onnx: /);
    expect(readFileSync(at('t.onnx'))).toEqual(readFileSync(at('table', 'model.onnx')));
  });
});
