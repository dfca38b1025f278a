import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { commonweight } from '../../../test/command-in-process.js';
import { sample } from '../../../test/run-command.js';
import { randomStream } from '../../base/random.js';
import { loadDataset } from '../../data/images/node/load-dataset.js';
import { mlp } from '../../engine/nn/models/mlp.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { permutationGroups } from '../../engine/nn/permutation-groups.js';
import { ortNode } from '../../engine/runtime/node/ort-node.js';
import { permuteState } from '../../tensor/permutation-group.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { u8Tensor } from '../../tensor/tensor.js';

const evaluationSchema = z.strictObject({
  model: z.string(),
  dataset: z.string(),
  examples: z.literal(640),
  part: z.literal('test'),
  metrics: z.array(z.looseObject({ name: z.string() })),
  figures: z.strictObject({ accuracy: z.number().min(0.5).max(1), loss: z.number().positive() }),
  classes: z.array(z.strictObject({ name: z.string(), examples: z.int(), accuracy: z.number() })).length(10),
  confusion: z.array(z.array(z.int()).length(10)).length(10),
});

const folder = mkdtempSync(join(tmpdir(), 'commonweight-models-'));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...path: string[]) => join(folder, ...path);
/** Of the run's data: "mean,deviation". */
const ownNormalization = () => {
  const { mean, deviation } = parse(readFileSync(at('run/configuration.yaml'), 'utf8')).normalization;
  return `${mean},${deviation}`;
};
const inFolder = { cwd: folder };
// As bytes: to look at each element of arrays as large as these takes seconds.
const sameBytes = (one: string, other: string) => readFileSync(at(one)).equals(readFileSync(at(other)));
function expectSameState(one: string, other: string): void {
  const [a, b] = [one, other].map((file) => decodeSafetensors(readFileSync(at(file)), file).state);
  expect(a!.layout).toEqual(b!.layout);
  const [bytes, others] = [a!, b!].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  expect(bytes!.equals(others!)).toBe(true);
}
const model = 'run/model.safetensors';

let result: { rounds: { merged: { mean: { test: { accuracy: number } } } }[] };
beforeAll(async () => {
  const args = [
    'run',
    '--dataset',
    sample,
    '--network',
    'mlp',
    '--rounds',
    '1',
    '--epochs',
    '4',
    '--out',
    'run',
  ];
  const { status } = await commonweight([...args, '--batch-size', '64'], inFolder);
  expect(status).toBe(0);
  result = JSON.parse(readFileSync(at('run/result.json'), 'utf8'));
  // As another program would write it: nothing but the weights.
  const { state } = decodeSafetensors(readFileSync(at(model)), model);
  writeFileSync(at('bare.safetensors'), encodeSafetensors(state));
});

describe('commonweight evaluate', () => {
  it('finds network and data in the file, and the accuracy that the run found', async () => {
    const { status, stdout } = await commonweight(['evaluate', model, '--json', 'evaluation.json'], inFolder);
    expect(status).toBe(0);
    const evaluation = evaluationSchema.parse(JSON.parse(readFileSync(at('evaluation.json'), 'utf8')));
    expect(evaluation.figures.accuracy).toBe(result.rounds[0]!.merged.mean.test.accuracy);
    const correct = evaluation.confusion.reduce((sum, row, label) => sum + row[label]!, 0);
    expect(correct / 640).toBeCloseTo(evaluation.figures.accuracy, 10);
    expect(stdout).toMatch(/^accuracy \d\d\.\d\d%, loss \d\.\d+ on 640 test images/);
    expect(stdout).toContain('confusion: one line for each class');
  });

  it('measures by other metrics, gives intervals, and says how exact areas are', async () => {
    const flags = ['--metrics', 'auroc,f1-macro', '--bootstrap', '40', '--json', 'chosen.json'];
    const { status, stdout } = await commonweight(['evaluate', model, ...flags], inFolder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^AUROC 0\.\d{3}, macro F1 0\.\d{3}, loss [\d.]+ on 640 test images/);
    expect(stdout).toMatch(/95% intervals, of 40 bootstrap draws: AUROC 0\.\d+ to 0\.\d+, macro F1/);
    expect(stdout).toMatch(/areas are from histograms of scores, and exact within 0\.0\d+/);
    const { figures, intervals, scores } = JSON.parse(readFileSync(at('chosen.json'), 'utf8'));
    expect(Object.keys(figures)).toEqual(['auroc', 'f1-macro', 'loss']);
    for (const [name, value] of Object.entries<number>(figures)) {
      expect(intervals[name].low).toBeLessThan(value);
      expect(intervals[name].high).toBeGreaterThan(value);
    }
    expect(scores.scored).toHaveLength(10);
    const wrong = await commonweight(['evaluate', model, '--metrics', 'aurc'], inFolder);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toMatch(/"--metrics" has "aurc".*\n.*did you mean "auroc"/);
  });

  it('gives the same for a file that only holds weights, once the network is named', async () => {
    const named = [
      '--network',
      'mlp',
      '--normalization',
      ownNormalization(),
      '--dataset',
      sample,
      '--json',
      'bare.json',
    ];
    const { status } = await commonweight(['evaluate', 'bare.safetensors', ...named], inFolder);
    expect(status).toBe(0);
    const evaluation = evaluationSchema.parse(JSON.parse(readFileSync(at('bare.json'), 'utf8')));
    expect(evaluation.figures.accuracy).toBe(result.rounds[0]!.merged.mean.test.accuracy);
  });

  it('asks for the network where it cannot be known', async () => {
    const { status, stderr } = await commonweight(
      ['evaluate', 'bare.safetensors', '--dataset', sample],
      inFolder,
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^commonweight: "bare\.safetensors" does not say which network .*\n {2}.*--network: paper-cnn, .*mlp.*\n$/,
    );
  });

  it('says what does not fit when another network is named', async () => {
    const named = ['--network', 'paper-cnn', '--dataset', sample];
    const { status, stderr } = await commonweight(['evaluate', 'bare.safetensors', ...named], inFolder);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /"bare\.safetensors" is no paper-cnn for images of 1x28x28: "conv1\.weight".* are missing/,
    );
  });
});

describe('commonweight predict', () => {
  it('names the class of pictures as the model does, whatever their size', async () => {
    const { test } = await loadDataset(sample);
    const pictures: string[] = [];
    for (const index of [0, 1, 2]) {
      const pixels = test.images.slice(index * 784, (index + 1) * 784);
      const picture = sharp(pixels, { raw: { width: 28, height: 28, channels: 1 } });
      if (index === 2) picture.resize(56, 56, { kernel: 'nearest' });
      await picture.png().toFile(at(`${index}.png`));
      pictures.push(`${index}.png`);
    }
    const { status, stdout } = await commonweight(['predict', model, ...pictures], inFolder);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(3);

    await commonweight(['export', model, '-o', 'exported.onnx'], inFolder);
    const session = await ortNode().open(readFileSync(at('exported.onnx')));
    const images = u8Tensor(test.images.slice(0, 2 * 784), [2, 1, 28, 28]);
    const { probabilities } = await session.run({ images });
    await session.release();
    [0, 1].forEach((row) => {
      const values = [...probabilities!.data.slice(row * 10, row * 10 + 10)];
      const label = values.indexOf(Math.max(...values));
      const shown = `${(100 * values[label]!).toFixed(2)}%`;
      expect(lines[row]).toMatch(new RegExp(`^${row}\\.png +${label} +${shown.replace('.', '\\.')}`));
    });
    for (const line of lines) expect(line).toMatch(/^\d\.png +\d +\d+\.\d\d% +then +\d +\d+\.\d\d%$/);
  });

  it('names a picture that cannot be read', async () => {
    writeFileSync(at('text.png'), 'no picture');
    for (const name of ['text.png', 'missing.png']) {
      const { status, stderr } = await commonweight(['predict', model, name], inFolder);
      expect(status).toBe(2);
      expect(stderr).toContain(`"${name}" cannot be decoded as a picture`);
    }
  });
});

describe('commonweight export', () => {
  it('writes the ONNX model that the run keeps, from the weights alone too', async () => {
    const { status } = await commonweight(['export', model, '-o', 'model.onnx'], inFolder);
    expect(status).toBe(0);
    expect(sameBytes('model.onnx', 'run/model.onnx')).toBe(true);
    const named = ['--network', 'mlp', '--normalization', ownNormalization(), '-o', 'bare.onnx'];
    await commonweight(['export', 'bare.safetensors', ...named], inFolder);
    // Weights alone do not say the names of the classes, which are at the end of the file.
    const bare = readFileSync(at('bare.onnx'));
    const whole = readFileSync(at('run/model.onnx'));
    expect(whole.subarray(0, bare.length).equals(bare)).toBe(true);
    expect(whole.subarray(bare.length).toString()).toContain('classes');
  });
});

describe('commonweight merge', () => {
  it('merges models of a run into one that still knows its network', async () => {
    const { status, stdout } = await commonweight(
      ['merge', model, 'run/models/round-1.safetensors', '--strategy', 'absmax', '-o', 'merged.safetensors'],
      inFolder,
    );
    expect(status).toBe(0);
    expect(stdout).toMatch(/^merged\.safetensors: 2 files merged by absmax, \d+ tensors, /);
    expectSameState('merged.safetensors', model);
    const lost = await commonweight(['evaluate', 'merged.safetensors'], inFolder);
    expect(lost.stderr).toContain(
      'was trained on "fashion-mnist-sample", and does not say where that data set is',
    );
    const evaluated = await commonweight(['evaluate', 'merged.safetensors', '--dataset', sample], inFolder);
    expect(evaluated.status).toBe(0);
  });

  it('takes parameters, a base and what travels with the models', async () => {
    const { state: trained } = decodeSafetensors(readFileSync(at(model)), model);
    const zeros = { layout: trained.layout, data: new Float32Array(trained.data.length) };
    writeFileSync(at('zeros.safetensors'), encodeSafetensors(zeros));
    const merging = (...flags: string[]) =>
      commonweight(['merge', model, model, '-o', 'merged.safetensors', ...flags], inFolder);
    const fisher = await merging(
      '--strategy',
      'fisher-mean',
      '--fisher',
      'zeros.safetensors,zeros.safetensors',
    );
    expect(fisher).toMatchObject({ status: 0, stdout: expect.stringContaining('merged by fisher-mean') });
    expectSameState('merged.safetensors', model);
    const trimmed = await merging('--strategy', 'ties(lambda=1, density=1)', '--base', 'zeros.safetensors');
    expect(trimmed.stdout).toContain('merged by ties(density=1)');
    expectSameState('merged.safetensors', model);
  });

  it('finds a model again in a copy whose hidden units are in another order', async () => {
    const { state } = decodeSafetensors(readFileSync(at(model)), 'model');
    const groups = permutationGroups(onPixels(mlp()), [pixels([1, 28, 28])]);
    const orders = groups.map(({ size }) => randomStream(1, size).permutation(size));
    writeFileSync(at('shuffled.safetensors'), encodeSafetensors(permuteState(groups, orders, state)));
    const merging = ['merge', model, 'shuffled.safetensors', '--align', '-o', 'aligned.safetensors'];
    const { status, stdout } = await commonweight(merging, inFolder);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^aligned\.safetensors: 2 files aligned and merged by mean, 6 tensors, /);
    // In the order of units of the one or the other.
    const merged = decodeSafetensors(readFileSync(at('aligned.safetensors')), 'aligned').state;
    const originals = [model, 'shuffled.safetensors'].map((file) =>
      decodeSafetensors(readFileSync(at(file)), file).state.data.join(),
    );
    expect(originals).toContain(merged.data.join());
  });

  it('asks for the network, which alignment must know and nothing else looks at', async () => {
    const bare = ['merge', 'bare.safetensors', model, '-o', 'unmade.safetensors'];
    const unnamed = await commonweight([...bare, '--align'], inFolder);
    expect(unnamed.status).toBe(2);
    expect(unnamed.stderr).toContain('"bare.safetensors" does not say which network its weights belong to');
    const unused = await commonweight([...bare, '--network', 'mlp'], inFolder);
    expect(unused.status).toBe(2);
    expect(unused.stderr).toContain('--network is given, but only --align looks at the network');
  });
});
