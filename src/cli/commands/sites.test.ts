import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commonweight } from '../../../test/command-in-process.js';
import { randomStream } from '../../base/random.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-sites-'));
afterAll(() => rmSync(folder, { recursive: true }));
const inFolder = { cwd: folder };
const text = (...path: string[]) => readFileSync(join(folder, ...path), 'utf8');

/** Plain pictures of these classes, dark ones and bright ones. */
async function pictures(site: string, classes: Readonly<Record<string, number>>, side: number) {
  const random = randomStream(4, site);
  for (const [name, level] of Object.entries(classes)) {
    const place = join(folder, 'cities', site, name);
    mkdirSync(place, { recursive: true });
    for (let i = 0; i < 8; i++) {
      const grey = level + random.integer(30);
      const create = { width: side, height: side, channels: 3, background: { r: grey, g: grey, b: grey } };
      await sharp({ create: create as never })
        .png()
        .toFile(join(place, `${i}.png`));
    }
  }
}

beforeAll(async () => {
  await pictures('seoul', { dark: 0, light: 200 }, 8);
  await pictures('busan', { grey: 100, light: 200 }, 12);
  writeFileSync(
    join(folder, 'cities/federation.yaml'),
    'data: [./seoul, ./busan]\nmodel: { name: mlp, hidden: [4] }\n' +
      'optimizer: { name: adam }\nlocal: { epochs: 1 }\nrounds: 1\n',
  );
});

describe('commonweight run with a folder for each site', () => {
  it('gives each participant its own folder, numbers classes alike, and tests on a fifth of each', async () => {
    const { status, stdout, stderr } = await commonweight(
      ['run', 'cities/federation.yaml', '--out', 'first'],
      inFolder,
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('seoul');
    const configuration = parse(text('first', 'configuration.yaml'));
    expect(configuration.participants).toEqual(['seoul', 'busan']);
    expect(configuration.data.sites).toEqual(['seoul', 'busan'].map((site) => join(folder, 'cities', site)));
    // Of the eight pictures of each class two are for the test, and one or two validate.
    // Of eight pictures of a class two are for the test; of the other twelve one validates.
    const result = JSON.parse(text('first', 'result.json'));
    expect(result.rounds[0].participants.map(({ examples }: { examples: number }) => examples)).toEqual([
      11, 11,
    ]);
    expect(result.fewValidationExamples).toEqual([
      { name: 'seoul', examples: 1 },
      { name: 'busan', examples: 1 },
    ]);
    const evaluated = await commonweight(['evaluate', 'first/model.safetensors'], inFolder);
    expect(evaluated.status, evaluated.stderr).toBe(0);
    expect(evaluated.stdout).toContain('dark');
    expect(evaluated.stdout).toContain('grey');
  });

  it('is replayed and reported where the folders are, and where they were moved to', async () => {
    const replayed = await commonweight(['replay', 'first'], inFolder);
    expect(replayed.status, replayed.stderr).toBe(0);
    expect(replayed.stdout).toContain('round 1  the same model');
    renameSync(join(folder, 'cities'), join(folder, 'towns'));
    const lost = await commonweight(['replay', 'first'], inFolder);
    expect(lost.status).toBe(2);
    expect(lost.stderr).toContain('--data DIR');
    expect((await commonweight(['replay', 'first', '--data', 'towns'], inFolder)).status).toBe(0);
    const resumed = await commonweight(
      ['run', 'towns/federation.yaml', '--out', 'first', '--rounds', '2'],
      inFolder,
    );
    expect(resumed.status, resumed.stderr).toBe(0);
    expect(parse(text('first', 'configuration.yaml')).data.sites[0]).toBe(join(folder, 'towns', 'seoul'));
    const report = await commonweight(['report', 'first', '--out', 'first.html'], inFolder);
    expect(report.status, report.stderr).toBe(0);
    expect(text('first.html')).not.toContain(folder);
  });

  it('cannot be led across machines, where each participant brings its own', async () => {
    const { status, stderr } = await commonweight(
      ['serve', 'towns/federation.yaml', '--out', 'served'],
      inFolder,
    );
    expect(status).toBe(2);
    expect(stderr).toContain('"data" names sites');
  });
});
