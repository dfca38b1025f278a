/** Pictures with labels from a table or with masks, through the commands. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { png } from '../../data/images/png.js';
import { decodeModel } from '../../engine/nn/model-file.js';
import { PROTOCOL_VERSION } from '../../protocol/version.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-annotated-'));
afterAll(() => rmSync(folder, { recursive: true }));
const run = (...words: string[]) => commonweight(words, { cwd: folder });
const [HEIGHT, WIDTH, PICTURES] = [6, 8, 12];

/** The left half of picture i is bright if i is odd, the right half if i is above 5. */
beforeAll(() => {
  const isBright = (i: number, at: number) => (at % WIDTH < WIDTH / 2 ? i % 2 === 1 : i > 5);
  const pictureOf = (value: (at: number) => number) =>
    png({
      ...{ width: WIDTH, height: HEIGHT, channels: 1 },
      bytes: Uint8Array.from({ length: WIDTH * HEIGHT }, (_, at) => value(at)),
    });
  for (const name of ['labelled', 'masked/images', 'masked/masks'])
    mkdirSync(join(folder, name), { recursive: true });
  const rows: string[] = [];
  for (let i = 0; i < PICTURES; i++) {
    const picture = pictureOf((at) => (isBright(i, at) ? 220 : 20) + ((7 * at + i) % 13));
    writeFileSync(join(folder, 'labelled', `p${i}.png`), picture);
    writeFileSync(join(folder, 'masked/images', `p${i}.png`), picture);
    const mask = pictureOf((at) => (isBright(i, at) ? 200 : 100));
    writeFileSync(join(folder, 'masked/masks', `p${i}.png`), mask);
    rows.push(`p${i}.png,${i % 2 === 1 ? 'bright' : 'dark'},${i % 2},${Number(i > 5)}\n`);
  }
  writeFileSync(join(folder, 'labelled/labels.csv'), `file,class,left,right\n${rows.join('')}`);
  const others = (model: string) =>
    `partition: { name: iid, participants: 2 }\nmodel: ${model}\nbatchSize: 4\n` +
    'optimizer: { name: adam, learningRate: 0.01 }\nlocal: { epochs: 30 }\nrounds: 1\n';
  writeFileSync(
    join(folder, 'masks.yaml'),
    'dataset: masked\ndata: { kind: pictures, masks: { folder: masks, classes: { dark: 100, bright: 200 } } }\n' +
      others('{ name: unet }'),
  );
  writeFileSync(
    join(folder, 'labels.yaml'),
    'dataset: labelled\ndata: { kind: pictures, labels: { file: labels.csv, columns: [left, right] } }\n' +
      others('{ name: mlp, hidden: [8] }'),
  );
});

const figuresOf = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8')).figures;

describe('masks', () => {
  beforeAll(async () => {
    const { status, stderr } = await run('run', 'masks.yaml', '--out', 'm');
    expect(status, stderr).toBe(0);
  });
  const model = 'm/model.safetensors';

  it('are learned by the setting alone, normalized by the pictures’ own pixels', () => {
    const settings = parse(readFileSync(join(folder, 'm/configuration.yaml'), 'utf8'));
    expect(settings.task).toEqual({ name: 'segmentation' });
    expect(settings.normalization.mean[0]).toBeGreaterThan(0.3);
    const { metrics } = JSON.parse(readFileSync(join(folder, 'm/result.json'), 'utf8'));
    expect(metrics.map(({ name }: { name: string }) => name)).toEqual(['iou', 'loss']);
  });

  it('are measured on what the run held out, and on another folder, by pixels', async () => {
    const { status, stdout } = await run('evaluate', model, '--json', 'own.json');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^IoU .* on 2 test images of .*masked$/m);
    expect(stdout).toMatch(/class +pixels +accuracy/);
    const other = await run(
      'evaluate',
      model,
      '--dataset',
      'masked/../masked',
      '--metrics',
      'dice,pixel-accuracy',
    );
    expect(other.stdout).toMatch(/^Dice .*pixel accuracy .* on 2 test images/m);
    expect(figuresOf('own.json').iou).toBeGreaterThan(0.6);
  });

  it('are predicted into a folder, in the size of each picture and with the values of the run’s masks', async () => {
    await sharp(join(folder, 'masked/images/p1.png'))
      .resize(16, 12, { kernel: 'nearest' })
      .toFile(join(folder, 'large.png'));
    const shares = await run('predict', model, 'large.png');
    expect(shares.stdout).toMatch(/picture +dark +bright\nlarge.png +\d+\.\d\d% +\d+\.\d\d%/);
    const { status, stdout } = await run('predict', model, 'large.png', '-o', 'out');
    expect([status, stdout]).toEqual([0, 'out: 1 mask, with the values dark 100, bright 200\n']);
    const { data, info } = await sharp(join(folder, 'out/large.png'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([16, 12]);
    const right = [...data].filter((value, at) => value === (at % 16 < 8 ? 200 : 100)).length;
    expect(new Set(data)).toEqual(new Set([100, 200]));
    expect(right / data.length).toBeGreaterThan(0.6);
  });

  it('are measured in a participant’s folder on the pictures that are named', async () => {
    const file = readFileSync(join(folder, model));
    const { description } = decodeModel(file, model);
    const configuration = parse(readFileSync(join(folder, 'm/configuration.yaml'), 'utf8'));
    const { inputs, targets } = description!;
    const participants = ['site-a', 'site-b'];
    const agreed = { protocol: PROTOCOL_VERSION, job: '0'.repeat(16), configuration, participants };
    mkdirSync(join(folder, 'joined'));
    writeFileSync(join(folder, 'joined/model.safetensors'), file);
    const described = { ...agreed, inputs, targets, plan: '0'.repeat(64) };
    writeFileSync(join(folder, 'joined/description.json'), JSON.stringify(described));
    const lacking = await run('evaluate', 'joined/model.safetensors');
    expect(lacking).toMatchObject({ status: 2, stderr: expect.stringContaining('--dataset') });
    const { status, stdout } = await run('evaluate', 'joined/model.safetensors', '--dataset', 'masked');
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^IoU .* on 12 images of masked$/m)]);
  });

  it('are replayed to the same bytes', async () => {
    const { status, stdout } = await run('replay', 'm');
    expect([status, stdout]).toEqual([0, expect.stringContaining('the same model')]);
  });
});

describe('labels', () => {
  it('are classes by a flag, for a run and for a measurement', async () => {
    const settings = ['--network', 'mlp', '--partition', 'iid', '--participants', '2', '--rounds', '1'];
    const words = ['run', '--dataset', 'labelled', '--labels', 'labels.csv', ...settings, '--out', 'c'];
    const { status, stderr } = await run(...words);
    expect(status, stderr).toBe(0);
    // A copy of the folder is all for the measurement, by the labels that the run has had.
    cpSync(join(folder, 'labelled'), join(folder, 'again'), { recursive: true });
    const again = await run('evaluate', 'c/model.safetensors', '--dataset', 'again');
    expect(again.stdout).toMatch(/^accuracy .* on 12 images of again$/m);
    const right = await run('evaluate', 'c/model.safetensors', '--dataset', 'again', '--labels', 'none.csv');
    expect([right.status, right.stderr]).toEqual([2, expect.stringContaining('none.csv')]);
  });

  it('are several for each picture, and predicted as a table', async () => {
    const { status, stderr } = await run('run', 'labels.yaml', '--out', 'l');
    expect(status, stderr).toBe(0);
    const measured = await run('evaluate', 'l/model.safetensors');
    expect(measured.stdout).toMatch(/^macro F1 .* on 2 test images/m);
    const shown = await run('predict', 'l/model.safetensors', 'labelled/p1.png');
    expect(shown.stdout).toMatch(/picture +labels +P\(left\) +P\(right\)/);
    await run('predict', 'l/model.safetensors', 'labelled/p1.png', 'labelled/p8.png', '-o', 'p.csv');
    const [header, ...lines] = readFileSync(join(folder, 'p.csv'), 'utf8').trim().split('\n');
    expect(header).toBe('picture,left,right,P(left),P(right)');
    expect(lines.map((line) => line.split(',').slice(0, 3))).toEqual([
      ['labelled/p1.png', '1', '0'],
      ['labelled/p8.png', '0', '1'],
    ]);
  });
});

describe('a mistake', () => {
  it.each([
    ['data: { kind: pictures, labels: ../labels.csv }', /"data.labels"/],
    ['data: { kind: pictures, masks: { folder: masks, classes: [a] } }', /"data.masks.classes"/],
    ['data: { kind: pictures, masks: { folder: masks, classes: [a, b], ignored: 1 } }', /each value once/],
    [
      'data: { kind: pictures, labels: labels.csv, masks: { folder: masks, classes: [a, b] } }',
      /"labels" and "masks", expected one of both/,
    ],
    [
      'data: { kind: pictures, masks: { folder: masks, classes: [a, b] } }',
      /which gives a vector.*\n.*take unet/,
    ],
    ['data: { kind: pictures, labels: none.csv }', /none.csv": there is no such file/],
  ])('is said in a line: %s', async (line, message) => {
    const text = readFileSync(join(folder, 'labels.yaml'), 'utf8').replace(/^data: .*$/m, line);
    const dataset = line.includes('masks') ? text.replace('labelled', 'masked') : text;
    const values = dataset.replace('[a, b] } }', '{ a: 100, b: 200 } } }');
    writeFileSync(join(folder, 'wrong.yaml'), line.includes('labels: labels.csv') ? dataset : values);
    const { status, stderr } = await run('run', 'wrong.yaml', '--out', 'w');
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
