/**
 * The export of an imported network is what was imported: the names of inputs and outputs, what was
 * cut off the end, and what ONNX Runtime computes of any number of examples.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import { arrayDataset } from '../../src/data/arrays/array-dataset.js';
import { exportInference } from '../../src/engine/nn/export-inference.js';
import { importNetwork } from '../../src/engine/nn/imported/import-network.js';
import { runFederation } from '../../src/federation/coordinator/run-federation.js';
import type { ColumnSpec } from '../../src/tensor/column-spec.js';
import { sizeOf } from '../../src/tensor/shape.js';
import { requires } from '../requires.js';
import { recordedFile, recordings } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'commonweight-exported-'));
afterAll(() => rmSync(folder, { recursive: true }));

function exported(name: string): Uint8Array {
  const { network, inputs, state, output } = importNetwork(recordedFile(name));
  return exportInference({
    ...{ network, inputs, layout: state.layout, state: state.data },
    task: { outputs: (scores) => ({ [output.name]: output.restored(scores) }) },
  });
}

/** Files whose own run draws nothing, and which give a tensor for what is trained. */
const plain = Object.keys(recordings).filter((name) => !/train\.onnx$|logistic|binary-mlp/.test(name));

const opened: InferenceSession[] = [];
const open = async (bytes: Uint8Array) => {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  opened.push(session);
  return session;
};
afterAll(() => Promise.all(opened.map((session) => session.release())));

const examples = ({ dtype, shape }: ColumnSpec, batch: number, isWide: boolean) => {
  const size = batch * sizeOf(shape);
  const numbers = Array.from({ length: size }, (_, i) => (dtype === 'f32' ? Math.sin(1.7 * i) : i % 2));
  const all = [batch, ...shape];
  if (dtype === 'f32') return new Tensor('float32', Float32Array.from(numbers), all);
  return isWide
    ? new Tensor('int64', BigInt64Array.from(numbers, BigInt), all)
    : new Tensor('int32', Int32Array.from(numbers), all);
};

describe.each(plain)('%s', (name) => {
  it('has its names, and computes the same of any number of examples', async () => {
    const { inputs, output } = importNetwork(recordedFile(name));
    const [before, after] = await Promise.all([open(recordedFile(name)), open(exported(name))]);
    expect(after.inputNames).toEqual(before.inputNames);
    expect(after.outputNames).toEqual([output.name]);
    const feeds = (batch: number, isWide: boolean) =>
      Object.fromEntries(inputs.map((column) => [column.name, examples(column, batch, isWide)]));
    for (const batch of [1, 7]) {
      const was = (await before.run(feeds(batch, true)))[output.name]!;
      const is = (await after.run(feeds(batch, false)))[output.name]!;
      expect(is.dims).toEqual(was.dims);
      const values = Array.from(was.data as Float32Array);
      const distances = values.map((value, i) => Math.abs(value - Number(is.data[i])));
      expect(Math.max(...distances)).toBeLessThan(1e-5);
    }
    // Files of the older exporter do not take none themselves.
    const none = (await after.run(feeds(0, false)))[output.name]!;
    expect(none.dims[0]).toBe(0);
  });
});

it('a run ends with a model that has the names of the file, and says the classes', async () => {
  const values = Float32Array.from({ length: 60 * 4 }, (_, i) => Math.sin(1.7 * i));
  const labels = Int32Array.from({ length: 60 }, (_, i) => i % 2);
  const data = arrayDataset({
    name: 'rows',
    inputs: [{ name: 'values', values, shape: [4], meaning: { kind: 'number' } }],
    targets: [{ name: 'label', values: labels, meaning: { kind: 'categories', names: ['no', 'yes'] } }],
  });
  const out = join(folder, 'run');
  await runFederation(
    {
      model: { onnx: fileURLToPath(new URL('../fixtures/onnx/sklearn-mlp.onnx', import.meta.url)), head: {} },
      partition: { name: 'iid', participants: 2 },
      optimizer: { name: 'sgd', learningRate: 0.1 },
      ...{ batchSize: 8, local: { epochs: 1 }, rounds: 1 },
    },
    { out, data: { train: data, test: data }, workers: 1 },
  );
  const session = await open(readFileSync(join(out, 'model.onnx')));
  expect(session.inputNames).toEqual(['X']);
  expect([...session.outputNames].sort()).toEqual(['logits', 'probabilities']);
  // In the metadata, which ONNX Runtime shows in other languages only.
  expect(readFileSync(join(out, 'model.onnx'), 'latin1')).toContain('["no","yes"]');
});

const python = requires({
  neededFor: 'exported networks under onnx.checker and Python’s ONNX Runtime',
  candidates: [process.env.PARTICIPANT_PYTHON ?? 'python3', 'python3'].map((program) => [
    program,
    '-c',
    'import onnx, onnxruntime',
  ]) as [string, ...string[]][],
  install: 'pip install onnx onnxruntime, and name that Python by PARTICIPANT_PYTHON',
  optional: true,
});

const CHECK = `
import sys, numpy as np, onnx, onnxruntime
for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for batch in (0, 1, 7):
        feeds = {
            each.name: np.zeros([batch, *each.shape[1:]], np.float32 if each.type == "tensor(float)" else np.int32)
            for each in session.get_inputs()
        }
        assert all(value.shape[0] == batch for value in session.run(None, feeds)), path
`;

it.skipIf(python === undefined)('every export is sound for onnx.checker, and runs in Python', () => {
  const paths = Object.keys(recordings).map((name) => {
    const path = join(folder, name);
    writeFileSync(path, exported(name));
    return path;
  });
  const { status, stderr } = spawnSync(python!, ['-c', CHECK, ...paths], { encoding: 'utf8' });
  expect({ status, stderr }).toMatchObject({ status: 0 });
});
