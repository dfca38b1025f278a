import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { add, input, relu, tanh } from '../src/engine/graph/build.js';
import { applyInLibrary, type PeerLibrary } from './peer-network.js';
import { batchFor, checkLosses, findPeers, measurePeers, PEERS_VARIABLE } from './peers.js';
import { sampleOf } from './statistics.js';
import { peersTable } from './tables.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'peers-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function install(name: string, version: string, program = ''): Promise<void> {
  const place = join(folder, 'node_modules', name);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  await writeFile(join(place, 'index.js'), program);
}

it('libraries are optional: none is looked for unless a folder is named, and one without any is a mistake', async () => {
  vi.stubEnv(PEERS_VARIABLE, undefined);
  expect(await findPeers(undefined)).toEqual([]);
  vi.stubEnv(PEERS_VARIABLE, folder);
  await expect(findPeers(undefined)).rejects.toThrow(`"${folder}" has no library`);
  await expect(findPeers(folder)).rejects.toMatchObject({
    hint: `npm install --prefix ${folder} @tensorflow/tfjs @tensorflow/tfjs-backend-wasm @jax-js/jax`,
  });
});

it('what is installed takes part, by its version, where all that it needs is there', async () => {
  const labels = async () => (await findPeers(folder)).map(({ label }) => label);
  await install('@tensorflow/tfjs', '4.5.6');
  expect(await labels()).toEqual(['TensorFlow.js 4.5.6, CPU']);
  await install('@tensorflow/tfjs-backend-wasm', '4.5.7');
  await install('@jax-js/jax', '0.1.2');
  expect(await labels()).toEqual([
    'TensorFlow.js 4.5.6, CPU',
    'TensorFlow.js 4.5.6, WebAssembly',
    'jax-js 0.1.2, WebAssembly',
  ]);
});

it('a library is given our network, one rule an operation, and counts its readers', () => {
  const library: PeerLibrary<string> = {
    name: 'Words',
    again: (word) => `${word}'`,
    rules: { relu: (_, x) => `relu(${x})`, add: (_, a, b) => `${a} + ${b}` },
  };
  const x = relu(input('images', [2]));
  expect(applyInLibrary(library, add(x, add(x, input('bias', [2]))), { images: 'x', bias: 'b' })).toBe(
    "relu(x) + relu(x)' + b",
  );
  expect(() => applyInLibrary(library, tanh(x), { images: 'x' })).toThrow('no rule for tanh in Words');
});

it('a slow library takes few images, at least one', () => {
  // 90.5 MFLOP an image.
  expect(batchFor('paper-cnn', 2e8)).toBe(2);
  expect(batchFor('paper-cnn', 1e6)).toBe(1);
  expect(batchFor('mlp', 2e8)).toBeGreaterThan(64);
});

it('losses may differ by rounding, not by a step of training', () => {
  checkLosses([2.3, 2.2], [2.30001, 2.19999]);
  expect(() => checkLosses([2.3, 2.2], [2.3, 2.201])).toThrow('the loss of step 2 is 2.201, expected 2.2');
  expect(() => checkLosses([2.3], [Number.NaN])).toThrow('step 1');
});

it('what does not train, or computes something else, is told and left out', async () => {
  await install('@jax-js/jax', '0.1.2', 'throw new Error("there is no SIMD");');
  await install(
    '@tensorflow/tfjs',
    '4.5.6',
    `const tensor = { transpose: () => tensor, data: async () => [1], dispose() {} };
    Object.assign(exports, {
      enableProdMode() {}, setBackend: async () => true, tensor: () => tensor, variable: () => tensor,
      tidy: () => tensor, train: { momentum() {} },
    });`,
  );
  const notes: string[] = [];
  const options = { batchSize: 8, sliceSeconds: 0.01, tell: (note: string) => notes.push(note) };
  expect(await measurePeers('mlp', await findPeers(folder), options)).toEqual({ network: 'mlp', rows: [] });
  expect(notes).toEqual([
    expect.stringMatching(
      /^mlp: TensorFlow\.js 4\.5\.6, CPU ended: .*something else: the loss of step 1 is 1, expected 2\.3/,
    ),
    'mlp: jax-js 0.1.2, WebAssembly ended: there is no SIMD',
  ]);
});

it('a rate below ten has its digits, and ours stands beside it', () => {
  const row = { label: 'TensorFlow.js 4.5.6, CPU', batchSize: 2, imagesPerSecond: sampleOf([0.234, 0.25]) };
  const text = peersTable({ network: 'paper-cnn', rows: [{ ...row, ours: sampleOf([2420]) }] });
  expect(text).toMatch(/TensorFlow\.js 4\.5\.6, CPU +2 +0\.24 +0\.23 +0\.25 +2,420 +10,000×/);
});
