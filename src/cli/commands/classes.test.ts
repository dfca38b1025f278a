import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commonweight } from '../../../test/command-in-process.js';
import { randomStream } from '../../base/random.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-classes-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };

/** Noise: what a model knows of it, it has seen. */
beforeAll(async () => {
  const random = randomStream(5, 'pictures');
  for (const name of ['left', 'right']) {
    mkdirSync(join(folder, 'pictures', name), { recursive: true });
    for (let picture = 0; picture < 20; picture++) {
      const pixels = Uint8Array.from({ length: 64 }, () => random.integer(256));
      const file = join(folder, 'pictures', name, `${picture}.png`);
      await sharp(pixels, { raw: { width: 8, height: 8, channels: 1 } })
        .png()
        .toFile(file);
    }
  }
  const run = [
    'run',
    '--dataset',
    'pictures',
    '--network',
    'mlp',
    '--seed',
    '1',
    '--rounds',
    '1',
    '--epochs',
    '3',
  ];
  const { status } = await commonweight([...run, '--out', 'run'], inFolder);
  expect(status).toBe(0);
});

describe('commonweight evaluate on a folder of pictures', () => {
  it('measures on the pictures that the run held out, whatever its seed', async () => {
    const { status } = await commonweight(
      ['evaluate', 'run/model.safetensors', '--json', 'e.json'],
      inFolder,
    );
    expect(status).toBe(0);
    const { accuracy } = JSON.parse(readFileSync(join(folder, 'e.json'), 'utf8')).figures;
    const { rounds } = JSON.parse(readFileSync(join(folder, 'run/result.json'), 'utf8'));
    expect(accuracy).toBe(rounds[0].merged.mean.test.accuracy);
  });

  it('goes by the names of classes, where a model numbers them otherwise', async () => {
    const [asItIs, exchanged] = ['run/model.safetensors', 'run/exchanged.safetensors'];
    const { state, metadata } = decodeSafetensors(readFileSync(join(folder, asItIs)), asItIs);
    const targets = (metadata.targets as string).replace('"left","right"', '"right","left"');
    expect(targets).not.toBe(metadata.targets);
    writeFileSync(join(folder, exchanged), encodeSafetensors(state, { ...metadata, targets }));
    const accuracies: number[] = [];
    for (const model of [asItIs, exchanged]) {
      const { status } = await commonweight(
        ['evaluate', model, '--dataset', 'pictures', '--json', 'e.json'],
        inFolder,
      );
      expect(status).toBe(0);
      accuracies.push(JSON.parse(readFileSync(join(folder, 'e.json'), 'utf8')).figures.accuracy);
    }
    // Of two classes, what was right before is wrong now.
    expect(accuracies[1]).toBeCloseTo(1 - (accuracies[0] as number), 10);
  });

  it('refuses classes of other names', async () => {
    renameSync(join(folder, 'pictures', 'left'), join(folder, 'pictures', 'zebra'));
    const { status, stderr } = await commonweight(['evaluate', 'run/model.safetensors'], inFolder);
    expect(status).toBe(2);
    const pictures = join(folder, 'pictures');
    expect(stderr).toBe(
      `commonweight: class 0 of "run/model.safetensors" is "left", that of ${pictures} is "right"\n` +
        '  name the classes alike, and in the same order\n',
    );
  });
});
