import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeModel } from '../../../../../test/onnx/write-model.js';
import { importNetwork } from '../../../nn/imported/import-network.js';
import { besideModel } from './read-beside.js';

const root = mkdtempSync(join(tmpdir(), 'beside-'));
afterAll(() => rmSync(root, { recursive: true }));
const folder = join(root, 'model');
mkdirSync(join(folder, 'deeper'), { recursive: true });
const data = Float32Array.from({ length: 16 }, (_, i) => i / 10);
for (const path of [join(folder, 'w.data'), join(folder, 'deeper', 'w.data'), join(root, 'secret')]) {
  writeFileSync(path, data);
}
writeFileSync(join(folder, 'short'), data.subarray(0, 3));
symlinkSync(join(root, 'secret'), join(folder, 'link'));

const read = (file: string) =>
  importNetwork(
    writeModel({
      nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
      tensors: [{ name: 'w', shape: [4, 4], data, file }],
      inputs: [{ name: 'x', shape: ['batch', 4] }],
      outputs: [{ name: 'y', shape: ['batch', 4] }],
    }),
    { readBeside: besideModel(join(folder, 'model.onnx')) },
  );

it.each(['w.data', './w.data', 'deeper/w.data'])('weights in %s are read', (file) => {
  expect(read(file).state.data).toEqual(data);
});

it.each([
  ['../secret', /expected one in its own folder/],
  ['deeper/../../secret', /expected one in its own folder/],
  [join(root, 'secret'), /expected one in its own folder/],
  ['link', /expected one in its own folder/],
  ['..\\secret', /expected one in its own folder/],
  ['', /expected one in its own folder/],
  ['.', /expected one in its own folder/],
  ['a\0b', /expected one in its own folder/],
  ['deeper', /is not a file/],
  ['absent', /cannot be read/],
  ['short', /has 12 bytes, expected 64 or more/],
])('weights in %j are refused', (file, problem) => {
  expect(() => read(file)).toThrow(problem);
});
