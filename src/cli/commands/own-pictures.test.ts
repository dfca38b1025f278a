import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { randomStream } from '../../base/random.js';
import { decodeModel } from '../../engine/nn/model-file.js';
import { servedData } from '../../federation/coordinator/setup/served-data.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-own-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };
const text = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

/** Colours of their own: bright red, some green, no blue. */
beforeAll(async () => {
  const random = randomStream(5, 'pictures');
  for (const name of ['left', 'right']) {
    mkdirSync(join(folder, 'pictures', name), { recursive: true });
    for (let picture = 0; picture < 10; picture++) {
      const levels = [200 + random.integer(50), random.integer(100), 0];
      const pixels = Uint8Array.from({ length: 192 }, (_, i) => levels[i % 3] as number);
      const image = sharp(pixels, { raw: { width: 8, height: 8, channels: 3 } });
      await image.png().toFile(join(folder, 'pictures', name, `${picture}.png`));
    }
  }
  writeFileSync(
    join(folder, 'federation.yaml'),
    'dataset: pictures\npartition: { name: v, participants: 2 }\nmodel: { name: mlp, hidden: [4] }\n' +
      'optimizer: { name: adam }\nlocal: { epochs: 1 }\nrounds: 1\n',
  );
});

describe('commonweight run on pictures of one’s own', () => {
  it('normalizes by their own pixels and has no reference, by flags as by a file, and keeps that', async () => {
    const byFlags = ['--dataset', 'pictures', '--network', 'mlp', '--rounds', '1'];
    const runs = { flags: byFlags, file: ['federation.yaml'] };
    for (const [out, settings] of Object.entries(runs)) {
      const { status, stdout } = await commonweight(['run', ...settings, '--out', out], inFolder);
      expect(status, stdout).toBe(0);
      const { normalization, reference } = parse(text(out, 'configuration.yaml'));
      expect(reference).toBeUndefined();
      expect(normalization.mean[0]).toBeGreaterThan(0.78);
      expect(normalization.mean[2]).toBe(0);
      expect(normalization.deviation[2]).toBe(1);
      expect(stdout).toContain(`pixels    normalized by the mean ${normalization.mean.join(', ')}`);
      const model = readFileSync(join(folder, out, 'model.safetensors'));
      expect(decodeModel(model, out).description?.normalization).toEqual(normalization);
    }
    expect(parse(text('flags', 'configuration.yaml')).normalization).toEqual(
      parse(text('file', 'configuration.yaml')).normalization,
    );
  });

  it('is refused before it begins where it would need more memory than there is to be', async () => {
    const run = ['run', 'federation.yaml', '--out', 'refused', '--workers', '1', '--max-memory', '0.1'];
    const { status, stderr } = await commonweight(run, inFolder);
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^commonweight: federation: the network "mlp" on images u8\[3,8,8\], 64 examples in a batch, would need some 0\.[12]\d\d GB of memory here, expected at most 0\.100 GB\n {2}take fewer --workers/,
    );
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  it('says so when a reference is reached on a few pictures only, in the terminal, the result and the report', async () => {
    const run = ['run', 'federation.yaml', '--reference', '0', '--out', 'few'];
    const { status, stdout } = await commonweight(run, inFolder);
    expect(status).toBe(0);
    const words =
      '2 participants validate on few images (environment-1 on 1 image, environment-2 on 1 image)';
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(words);
    expect(JSON.parse(text('few', 'result.json')).fewValidationExamples).toEqual([
      { name: 'environment-1', examples: 1 },
      { name: 'environment-2', examples: 1 },
    ]);
    expect((await commonweight(['report', 'few', '--out', 'few.html'], inFolder)).status).toBe(0);
    expect(text('few.html')).toContain(words);
  });
});

/** Two classes of pictures in colours of their own, at `path`, of sides that differ. */
async function photographs(path: string, names: readonly string[], each = 6): Promise<void> {
  const random = randomStream(9, path);
  for (const [label, name] of names.entries()) {
    mkdirSync(join(folder, path, name), { recursive: true });
    for (let i = 0; i < each; i++) {
      const background = { r: label * 200, g: random.integer(90), b: random.integer(90) };
      const create = { width: 20 + 4 * (i % 3), height: 12, channels: 3, background } as const;
      await sharp({ create })
        .jpeg()
        .toFile(join(folder, path, name, `${i}.jpg`));
    }
  }
}

describe('pictures of any size, some of them damaged', () => {
  const run = ['run', '--dataset', 'photos', '--network', 'mlp', '--rounds', '1', '--partition', 'iid'];
  beforeAll(async () => {
    await photographs('photos', ['left', 'right']);
    writeFileSync(join(folder, 'photos/left/half.jpg'), 'no picture');
    writeFileSync(join(folder, 'photos/right/README.txt'), 'x');
  });

  it('are refused with both files and the flag that leaves them out, and taken with it', async () => {
    const refused = await commonweight([...run, '--out', 'bad'], inFolder);
    expect(refused.status).toBe(2);
    const [message, hint] = refused.stderr.split('\n');
    expect(message).toContain('data: 2 files of "photos" cannot be used: ');
    expect(message).toContain('README.txt" is not a picture');
    expect(message).toContain('half.jpg" cannot be decoded as a picture');
    expect(hint).toContain('--skip-damaged');
    const flags = ['--skip-damaged', '--size', '8x10', '--fit', 'crop', '--out', 'sized'];
    const changes = ['--rotation', '10', '--crop', '0.7', '--brightness', '0.2', '--contrast', '0.1'];
    const { status, stdout, stderr } = await commonweight([...run, ...flags, ...changes], inFolder);
    expect(status, stderr).toBe(0);
    const told = stdout.replaceAll(/\s+/g, ' ');
    expect(told).toContain('12 of 12 pictures in "photos" were cropped to 8x10 (height x width), in colour');
    expect(told).toContain(
      'images turned by up to 10 degrees, cut to 70.00% of the area or more, their brightness times 0.8 to 1.2 and their contrast times 0.9 to 1.1',
    );
    expect(told).toContain('left out of "photos", 2 in all: ');
    const kept = parse(text('sized', 'configuration.yaml'));
    expect(kept).toMatchObject({ imageSize: '8x10', imageFit: 'crop', skipDamaged: true });
    const augmentation = { flip: false, shift: 0, rotation: 10, crop: 0.7, brightness: 0.2, contrast: 0.1 };
    expect(kept.augmentation).toMatchObject(augmentation);
    const { description } = decodeModel(readFileSync(join(folder, 'sized/model.safetensors')), 'sized');
    expect(description).toMatchObject({ inputs: [{ shape: [3, 8, 10] }], imageFit: 'crop' });
  });

  it('are brought to the model’s size when it is evaluated, on what its run held out', async () => {
    const flags = ['--skip-damaged', '--json', 'held-out.json'];
    const { status, stdout, stderr } = await commonweight(
      ['evaluate', 'sized/model.safetensors', ...flags],
      inFolder,
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('on 2 test images of');
    expect(JSON.parse(text('held-out.json'))).toMatchObject({ examples: 2, part: 'test' });
  });

  it('are all taken of another folder, which is not called a test and may lack a class', async () => {
    await photographs('mine', ['right'], 5);
    const { status, stdout, stderr } = await commonweight(
      ['evaluate', 'sized/model.safetensors', '--dataset', 'mine', '--json', 'mine.json'],
      inFolder,
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('on 5 images of mine\nThis is no test');
    expect(JSON.parse(text('mine.json'))).toMatchObject({
      ...{ examples: 5, part: 'whole' },
      classes: [
        { name: 'left', examples: 0, accuracy: null },
        { name: 'right', examples: 5 },
      ],
    });
    await photographs('foreign', ['right', 'up']);
    const refused = await commonweight(
      ['evaluate', 'sized/model.safetensors', '--dataset', 'foreign'],
      inFolder,
    );
    expect(refused.stderr).toContain(
      'class 0 of "sized/model.safetensors" is "left", that of foreign is "right"',
    );
  });

  it('are all test pictures of a coordinator whose participants bring their own', async () => {
    await photographs('test-pictures', ['left', 'right'], 30);
    const settings = parseConfiguration({ ...served, dataset: join(folder, 'test-pictures') }, 'test');
    const { test, configuration, facts } = await servedData(settings, served, {
      ...{ out: join(folder, 'served'), test: undefined },
    });
    expect(test.examples).toBe(60);
    expect(facts.inputs[0]!.shape).toEqual([3, 12, 24]);
    expect(configuration.normalization.mean).toHaveLength(3);
  });

  it('have a size of a folder only', async () => {
    const { status, stderr } = await commonweight(['run', '--size', '32'], inFolder);
    expect(status).toBe(2);
    expect(stderr).toContain('"imageSize" is "32x32", but "dataset" is "fashion-mnist", expected a folder');
  });
});

const served: ConfigurationInput = {
  ...{ partition: { name: 'own' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } },
  ...{ local: { epochs: 1 }, rounds: 1 },
};
