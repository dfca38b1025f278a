/** A tab of real Chromium trains the network of an ONNX file beside a process. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/base/random.js';
import type { ConfigurationInput } from '../../src/protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../src/tensor/safetensors.js';
import { root } from '../run-command.js';
import { servedOverHub } from '../served-over-hub.js';
import { writeNpyFolder } from '../write-npy.js';
import { zipOf } from '../zip-file.js';
import { executablePath } from './open-browser.js';
import { tabs } from './tabs.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-onnx-tab-'));
afterAll(() => rmSync(folder, { recursive: true }));

const EXAMPLES = 40;
const random = randomStream('signals');
writeNpyFolder(folder, {
  signal: {
    shape: [EXAMPLES, 2, 12],
    values: Float32Array.from({ length: EXAMPLES * 24 }, () => random.normal()),
  },
  label: { shape: [EXAMPLES], values: Int32Array.from({ length: EXAMPLES }, (_, i) => i % 3) },
});
const signals = join(folder, 'signals.npz');
const entries = ['signal', 'label'].map((name) => ({
  name: `${name}.npy`,
  content: readFileSync(join(folder, `${name}.npy`)),
}));
writeFileSync(signals, zipOf(entries));
const participants = ['process', 'tab'];
const settings: ConfigurationInput = {
  ...{ seed: 1, dataset: signals, rounds: 2, local: { steps: 3 }, batchSize: 8, participants },
  optimizer: { name: 'adam', learningRate: 0.01 },
  model: { onnx: join(root, 'test/fixtures/onnx/signal-dynamo-train.onnx'), head: {} },
  lora: { rank: 2, targets: ['fc.weight'] },
  train: ['bn1.*', 'conv2.*'],
  partition: { name: 'own', participants: 2 },
  data: { kind: 'arrays', inputs: { signal: 'number' }, targets: { label: { category: ['a', 'b', 'c'] } } },
};

describe.skipIf(executablePath === undefined)('a tab', () => {
  const { lead, open } = tabs();

  it('trains adapters and a part of the network of an ONNX file beside a process, to the model of two processes', async () => {
    const served = await lead(settings);
    const beside = served.join(0, signals);
    const page = await open(served, 1);
    await page.getByLabel('Choose a file').setInputFiles(signals);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await served.untilOver(page);
    await beside;
    expect(await served.coordinator.ended).toMatchObject({ status: 0, stderr: '' });
    const joining = participants.map((name) => [name, { data: signals }]);
    const native = await servedOverHub(folder, settings, {}, Object.fromEntries(joining));
    const [theirs, own] = [join(native.out, 'model.safetensors'), undefined].map((path) =>
      decodeSafetensors(path === undefined ? served.model() : readFileSync(path), 'it'),
    );
    expect(own!.state.layout).toEqual(theirs!.state.layout);
    const differences = own!.state.data.map((weight, at) => Math.abs(weight - theirs!.state.data[at]!));
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });
});
