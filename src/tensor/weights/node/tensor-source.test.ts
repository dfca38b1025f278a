import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../safetensors.js';
import { stateLayout } from '../../state-dict.js';
import { openTensorFile, type TensorFile } from './safetensors-file.js';
import { readChunk } from './tensor-source.js';

let folder = '';
const opened: TensorFile[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tensor-file-'));
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((file) => file.handle.close()));
  await rm(folder, { recursive: true });
});

async function open(name: string, values: number[]): Promise<TensorFile> {
  const layout = stateLayout([
    ['u', [1]],
    ['w', [values.length - 1]],
  ]);
  await writeFile(join(folder, name), encodeSafetensors({ layout, data: Float32Array.from(values) }));
  const file = await openTensorFile(join(folder, name));
  opened.push(file);
  return file;
}

describe('a tensor file', () => {
  it('is read in pieces of a tensor', async () => {
    const file = await open('a', [1, 2, 3, 4]);
    const buffer = new Uint8Array(16);
    const read = readChunk(file, { name: 'w', dtype: 'F32', at: 4, bytes: 8 }, buffer);
    expect(read).toHaveLength(8);
    expect([...new Float32Array(buffer.buffer)]).toEqual([3, 4, 0, 0]);
  });

  it('that becomes shorter while it is read is an error', async () => {
    const file = await open('a', [1, 2, 3, 4]);
    await truncate(file.path, file.header.dataStart + 6);
    const read = () => readChunk(file, { name: 'w', dtype: 'F32', at: 0, bytes: 12 }, new Uint8Array(12));
    expect(read).toThrow(`"${file.path}" was cut short while it was read`);
  });
});
