import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { turnTaker } from '../../base/turns.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { orderByContent } from './content-order.js';
import { chunksOf } from './output-plan.js';
import { openTensorFile, type TensorFile } from './tensor-file.js';
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
    expect(read).toThrow(`merge: "${file.path}" was cut short while it was read`);
  });
});

describe('the order by content', () => {
  it('does not depend on the order in which files are named, and breaks ties by examples', async () => {
    const contributions = [
      { file: await open('a', [1, 2, 3]), examples: 1, auxiliaries: {} },
      { file: await open('b', [1, 2, 4]), examples: 1, auxiliaries: {} },
      { file: await open('c', [1, 2, 3]), examples: 2, auxiliaries: {} },
      { file: await open('d', [0, 9, 9]), examples: 5, auxiliaries: {} },
    ];
    const chunks = chunksOf(contributions[0]!.file.header.entries, 4);
    const orders: string[] = [];
    for (const named of [contributions, [...contributions].reverse()]) {
      const ordered = await orderByContent(named, chunks, turnTaker());
      orders.push(ordered.map(({ file }) => file.path.at(-1)).join(''));
    }
    expect(orders).toEqual(['dacb', 'dacb']);
  });
});
