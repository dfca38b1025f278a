/**
 * Networks of torchvision in their full size, exported here by a Python that has newest PyTorch:
 * their scores are those of ONNX Runtime, and ten steps follow PyTorch.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { importNetwork } from '../../src/engine/nn/imported/import-network.js';
import { requires } from '../requires.js';
import type { FileRecording } from './files.js';
import { expectClose, lossesOf, scoresOf } from './trained.js';

const python = requires({
  neededFor: 'full networks of torchvision',
  candidates: [process.env.PARTICIPANT_PYTHON ?? 'python3', 'python3'].map((program) => [
    program,
    '-c',
    'import torchvision, onnxscript, onnxruntime',
  ]) as [string, ...string[]][],
  install: 'pip install torch torchvision onnxscript onnxruntime, and name that Python by PARTICIPANT_PYTHON',
  optional: true,
});
const script = fileURLToPath(new URL('record_full.py', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'commonweight-full-'));
afterAll(() => rmSync(folder, { recursive: true }));

const NETWORKS = [
  'resnet18',
  'mobilenet_v3_small',
  'efficientnet_b0',
  'squeezenet1_1',
  'convnext_small',
  'vit',
];

describe.skipIf(python === undefined).each(NETWORKS)('%s', (name) => {
  it('gives and learns what it does elsewhere', { timeout: 900_000 }, async () => {
    const { status, stderr } = spawnSync(python!, [script, folder, name], { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const recording: FileRecording = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const imported = importNetwork(readFileSync(join(folder, `${name}.onnx`)), {
      dropout: false,
      norm: 'frozen',
    });
    const { scores } = await scoresOf(imported, recording);
    expectClose(scores, recording.outputs!, 1e-5);
    const losses = await lossesOf(imported, recording, 0.001);
    const distances = recording.losses.frozen!.map((loss, step) => Math.abs(loss - losses[step]!));
    expect(Math.max(...distances)).toBeLessThan(1e-4);
  });
});
