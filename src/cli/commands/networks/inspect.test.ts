import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../../test/command-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../../test/fixtures/onnx/${name}.onnx`, import.meta.url));
const inspect = (name: string, ...flags: string[]) => commonweight(['inspect', fixture(name), ...flags]);

describe('commonweight inspect', () => {
  it('shows layers, parameters, and what training takes', async () => {
    const { stdout, stderr, status } = await inspect('resnet-dynamo-train', '--batch-size', '8');
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
    for (const line of [
      /written by +pytorch \S+, opset 20, IR version 10/,
      /inputs +x f32\[3,16,16\]/,
      /output +logits f32\[5\]/,
      /tasks +classification or regression/,
      /last layer +fc\.weight, fc\.bias/,
      /operators .*Conv 6/,
      /parameters +2,715 \(10\.9 kB\), of which all would be trained, and 84 running statistics/,
      /memory +some \S+ [kM]B for a step of 8 examples/,
      /rate +[\d,.]+ examples a second here/,
      /^layer2\.0 +\d+ +[\d,]+ +all$/m,
      /^- batch norm in 6 places/m,
    ]) {
      expect(stdout).toMatch(line);
    }
  });

  it('shows what a part of the weights comes to, and writes it as JSON', async () => {
    const json = join(folder, 'resnet.json');
    const flags = [
      '--classes',
      '3',
      '--train',
      'layer2.*,fc.*',
      '--norm',
      'frozen',
      '--no-measure',
      '--json',
      json,
    ];
    const { stdout, status } = await inspect('resnet-dynamo-train', ...flags);
    expect(status).toBe(0);
    expect(stdout).toMatch(/output +logits f32\[3\]/);
    expect(stdout).toMatch(/^conv1 +1 +882 +none$/m);
    expect(stdout).not.toMatch(/rate|memory/);
    const found = JSON.parse(readFileSync(json, 'utf8'));
    expect(found).toMatchObject({
      opset: 20,
      head: ['fc.weight', 'fc.bias'],
      tasks: ['classification', 'regression'],
    });
    const roleOf = (name: string) => found.tensors.find((one: { name: string }) => one.name === name).role;
    expect(['conv1.weight', 'fc.weight', 'bn1.running_mean'].map(roleOf)).toEqual([
      'frozen',
      'weight',
      'statistic',
    ]);
  });

  it.each(['unet-dynamo-train', 'bert-legacy-train', 'table-dynamo-train', 'sklearn-linear-regression'])(
    'takes steps with any input, %s',
    async (name) => {
      const { stdout, status } = await inspect(name, '--batch-size', '4');
      expect(status).toBe(0);
      expect(stdout).toMatch(/rate +[\d,.]+ examples/);
    },
  );

  it.each([
    [['absent.onnx'], /"absent\.onnx" cannot be read: there is no such file/],
    [
      [fixture('resnet-dynamo-train'), '--train', 'layer9.*'],
      /the pattern "layer9\.\*" in "train" matches no weight/,
    ],
    [
      [fixture('resnet-dynamo-train'), '--extents', 'length'],
      /--extents: "length", expected names with numbers/,
    ],
    [[fixture('sklearn-binary-mlp'), '--classes', '4'], /is no product with weights/],
  ])('refuses %j', async (args, problem) => {
    const { stderr, status } = await commonweight(['inspect', ...args]);
    expect(status).toBe(2);
    expect(stderr).toMatch(problem);
  });
});
