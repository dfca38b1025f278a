import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { randomStream } from '../../base/random.js';
import { decodeModel } from '../../engine/nn/model-file.js';

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
      /^commonweight: federation: the network "mlp" on images u8\[3,8,8\], 64 examples in a batch, would need some 0\.1\d\d GB of memory here, expected at most 0\.100 GB\n {2}take fewer --workers/,
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
