/**
 * The command line where no optional package is installed: what needs one says so, all the rest
 * works.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { natsPackages } from '../src/cli/commands/load-nats.js';
import { sharpPackage } from '../src/data/images/node/load-sharp.js';
import { commonweight, root, sample } from './run-command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  const settings = `
dataset: ${sample}
partition: { name: v, participants: 2 }
model: { name: mlp, hidden: [16] }
optimizer: { name: sgd, learningRate: 0.05 }
local: { epochs: 1 }
rounds: 1
`;
  await writeFile(join(folder, 'federation.yaml'), settings);
});
afterAll(() => rm(folder, { recursive: true }));

const withoutPackages = `${pathToFileURL(join(import.meta.dirname, 'without-packages.mjs'))}`;
const NODE_OPTIONS = `--import ${withoutPackages}`;
const alone = (...args: string[]) => commonweight(args, { cwd: folder, env: { NODE_OPTIONS } });

describe('without the optional packages', () => {
  it.each([
    ['a participant over NATS', ['join', 'nats://127.0.0.1:9', '--name', 'a', '--data', sample]],
    [
      'a coordinator over NATS',
      ['serve', 'federation.yaml', '--nats', 'nats://127.0.0.1:9', '--out', 'served'],
    ],
  ])('%s says what to install', async (_, args) => {
    const { status, stderr } = await alone(...args);
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `commonweight: nats: a NATS server cannot be used: the package "@nats-io/jetstream" is not installed, or not for this system
  install what this needs beside commonweight: npm install --ignore-scripts ${natsPackages.packages.join(' ')}
`,
    });
  });

  it('a folder of pictures says what to install', async () => {
    const picture = join(root, 'test/fixtures/pictures/sneaker.png');
    for (const name of ['one', 'two']) {
      await mkdir(join(folder, 'pictures', name), { recursive: true });
      await cp(picture, join(folder, 'pictures', name, 'a.png'));
      await cp(picture, join(folder, 'pictures', name, 'b.png'));
    }
    const { status, stderr } = await alone('run', '--dataset', 'pictures', '--rounds', '1');
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: `commonweight: data: pictures cannot be read: the package "sharp" is not installed, or not for this system
  install what this needs beside commonweight: npm install --ignore-scripts ${sharpPackage.packages.join(' ')}
`,
    });
  });

  it('every entry of the library can be imported, but that of NATS', async () => {
    const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const entries = Object.keys(exports).filter((entry) => entry !== './nats' && !entry.endsWith('.json'));
    expect(entries).toEqual(['.', './node', './browser']);
    const program = entries.map((entry) => `import '${entry.replace('.', 'commonweight')}';`).join('');
    const args = ['--import', withoutPackages, '--input-type=module', '--eval', program];
    expect(spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('a run, its report and its pictures need none', async () => {
    const ran = await alone('run', 'federation.yaml', '--out', 'run');
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(await alone('report', 'run')).toMatchObject({ status: 0, stderr: '' });
    const html = await readFile(join(folder, 'run/report.html'), 'utf8');
    expect(html).toContain('<img src="data:image/png;base64,');
    expect(html).toContain('<svg');
  });
});

it('names the versions that the tests run with', async () => {
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  for (const named of [...sharpPackage.packages, ...natsPackages.packages]) {
    const at = named.lastIndexOf('@');
    expect(`${named.slice(0, at)}@${devDependencies[named.slice(0, at)]}`).toBe(named);
  }
});
