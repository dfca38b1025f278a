import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { turnTaker } from '../../base/turns.js';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { openWeights } from '../../tensor/weights/node/open-weights.js';
import { orderByContent } from './content-order.js';
import { chunksOf, outputEntries } from './output-plan.js';

let folder = '';
const files = openWeights();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'content-order-'));
});
afterAll(async () => {
  await files.close();
  await rm(folder, { recursive: true });
});

async function open(name: string, values: number[]) {
  const layout = stateLayout([
    ['u', [1]],
    ['w', [values.length - 1]],
  ]);
  await writeFile(join(folder, name), encodeSafetensors({ layout, data: Float32Array.from(values) }));
  return files.open(join(folder, name));
}

it('does not depend on the order in which files are named, and breaks ties by examples', async () => {
  const contributions = [
    { file: await open('a', [1, 2, 3]), examples: 1, auxiliaries: {} },
    { file: await open('b', [1, 2, 4]), examples: 1, auxiliaries: {} },
    { file: await open('c', [1, 2, 3]), examples: 2, auxiliaries: {} },
    { file: await open('d', [0, 9, 9]), examples: 5, auxiliaries: {} },
  ];
  const chunks = chunksOf(outputEntries([contributions[0]!.file]), 4);
  const orders: string[] = [];
  for (const named of [contributions, [...contributions].reverse()]) {
    const ordered = await orderByContent(named, chunks, turnTaker());
    orders.push(ordered.map(({ file }) => file.path.at(-1)).join(''));
  }
  expect(orders).toEqual(['dacb', 'dacb']);
});
