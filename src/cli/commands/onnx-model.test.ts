/** The network of an ONNX file by the command line: trained on pictures, measured, and exported. */
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { root } from '../../../test/run-command.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-onnx-model-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };
const SIDE = 16;
const colours = ['red', 'green', 'blue'];
const model = 'run/model.safetensors';

beforeAll(async () => {
  mkdirSync(join(folder, 'settings'));
  copyFileSync(
    join(root, 'test/fixtures/onnx/resnet-dynamo-train.onnx'),
    join(folder, 'settings/resnet.onnx'),
  );
  for (const [label, colour] of colours.entries()) {
    mkdirSync(join(folder, 'pictures', colour), { recursive: true });
    for (let i = 0; i < 12; i++) {
      const background = { r: 40, g: 40, b: 40, [['r', 'g', 'b'][label] as string]: 140 + 8 * i };
      const create = { width: 20, height: 20, channels: 3, background } as const;
      await sharp({ create })
        .png()
        .toFile(join(folder, 'pictures', colour, `${i}.png`));
    }
  }
  const settings = {
    ...{ dataset: '../pictures', imageSize: SIDE, model: { onnx: './resnet.onnx', head: {} } },
    ...{ partition: { name: 'iid', participants: 2 }, optimizer: { name: 'adam', learningRate: 0.01 } },
    ...{ batchSize: 8, local: { epochs: 4 }, rounds: 2 },
  };
  writeFileSync(join(folder, 'settings/federation.yaml'), JSON.stringify(settings));
});

describe('the network of an ONNX file', () => {
  it('is found beside the settings, trained, and said in words', async () => {
    const { status, stdout, stderr } = await commonweight(
      ['run', 'settings/federation.yaml', '--workers', '1', '--out', 'run'],
      inFolder,
    );
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('Error')]);
    expect(stdout).toContain('resnet.onnx (norm batch, last layer new), starting from the given model');
    expect(stdout + stderr).toContain('batch norm in 6 places');
    expect(stdout.length + stderr.length).toBeLessThan(10_000);
  });

  it('is measured and predicts by the file of the model alone', async () => {
    rmSync(join(folder, 'settings/resnet.onnx'));
    const measured = await commonweight(
      ['evaluate', model, '--dataset', 'pictures', '--json', 'measured.json'],
      inFolder,
    );
    expect(measured.status).toBe(0);
    const { figures } = JSON.parse(readFileSync(join(folder, 'measured.json'), 'utf8'));
    expect(figures.accuracy).toBeGreaterThan(0.6);
    const predicted = await commonweight(['predict', model, 'pictures/red/3.png'], inFolder);
    expect(predicted.status).toBe(0);
    expect(predicted.stdout).toMatch(/red|green|blue/);
  });

  it('is exported with its preparation, for any number of pictures', async () => {
    const { status } = await commonweight(['export', model, '-o', 'exported.onnx'], inFolder);
    expect(status).toBe(0);
    const session = await InferenceSession.create(join(folder, 'exported.onnx'));
    const [input = ''] = session.inputNames;
    const size = 3 * SIDE * SIDE;
    const bytes = Uint8Array.from({ length: 3 * size }, (_, i) => (i * 37) % 256);
    const logitsOf = async (count: number) => {
      const images = new Tensor('uint8', bytes.slice(0, count * size), [count, 3, SIDE, SIDE]);
      const { logits } = await session.run({ [input]: images });
      return [...(logits!.data as Float32Array)];
    };
    const [one, three] = [await logitsOf(1), await logitsOf(3)];
    expect(three).toHaveLength(9);
    one.forEach((value, at) => {
      expect(three[at]).toBeCloseTo(value, 4);
    });
    expect(await logitsOf(0)).toEqual([]);
  });

  it('needs its graph: a file that is not there, or no model, is said in one line', async () => {
    const missing = await commonweight(['run', 'settings/federation.yaml'], inFolder);
    expect([missing.status, missing.stderr.trim().split('\n')[0]]).toEqual([
      2,
      expect.stringMatching(/"model\.onnx": "settings\/resnet\.onnx" cannot be read: there is no such file/),
    ]);
    writeFileSync(join(folder, 'settings/resnet.onnx'), 'a text');
    const wrong = await commonweight(['run', 'settings/federation.yaml'], inFolder);
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringContaining('resnet.onnx" cannot be read')]);
  });
});
