import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { type StateDict, stateLayout, tensorView } from '../../tensor/state-dict.js';
import { strategyByName } from '../strategies/strategies.js';
import { loraPairs } from './lora.js';
import { mergeFiles } from './merge-files.js';
import { mergeLoraFiles } from './merge-lora-files.js';

const folder = mkdtempSync(join(tmpdir(), 'merge-lora-'));
afterAll(() => rmSync(folder, { recursive: true }));
const output = join(folder, 'out.safetensors');
const [rank, into, out] = [2, 5, 3];
const A = 'base_model.model.q_proj.lora_A.weight';
const B = 'base_model.model.q_proj.lora_B.weight';
const layout = stateLayout([
  [A, [rank, into]],
  [B, [out, rank]],
  ['base_model.model.classifier.weight', [4]],
]);
const adapters = Array.from({ length: 3 }, (_, k): StateDict => {
  const { normal } = randomStream(1, 'lora', k);
  return { layout, data: Float32Array.from({ length: rank * into + out * rank + 4 }, normal) };
});
const inputs = adapters.map((state, k) => {
  const path = join(folder, `${k}.safetensors`);
  writeFileSync(path, encodeSafetensors(state));
  return path;
});
const merged = () => decodeSafetensors(readFileSync(output), 'out').state;
/** B·A, row by row. */
function product(state: StateDict): number[] {
  const [a, b] = [tensorView(state, A), tensorView(state, B)];
  const width = b.length / out;
  return Array.from({ length: out * into }, (_, place) => {
    const [row, column] = [Math.floor(place / into), place % into];
    return Array.from({ length: width }, (_, k) => b[row * width + k]! * a[k * into + column]!).reduce(
      (sum, value) => sum + value,
      0,
    );
  });
}

it.each([
  ['mean', [1 / 6, 2 / 6, 3 / 6]],
  ['mean-equal', [1 / 3, 1 / 3, 1 / 3]],
] as const)('the product of the merged factors is the %s of the products', async (text, shares) => {
  const strategy = strategyByName(text);
  const { notes } = await mergeLoraFiles({ inputs, examples: [1, 2, 3], strategy, output });
  const state = merged();
  expect(state.layout.map(({ name, shape }) => [name, shape])).toEqual([
    [A, [3 * rank, into]],
    [B, [out, 3 * rank]],
    ['base_model.model.classifier.weight', [4]],
  ]);
  const products = adapters.map(product);
  product(state).forEach((value, i) => {
    const expected = products.reduce((sum, one, k) => sum + shares[k]! * one[i]!, 0);
    expect(value).toBeCloseTo(expected, 5);
  });
  const classifiers = adapters.map((one) => tensorView(one, 'base_model.model.classifier.weight'));
  tensorView(state, 'base_model.model.classifier.weight').forEach((value, i) => {
    expect(value).toBeCloseTo(
      classifiers.reduce((sum, one, k) => sum + shares[k]! * one[i]!, 0),
      5,
    );
  });
  expect(notes).toEqual([
    'LoRA: the products of 1 pair are averaged, of 3 times the rank; in adapter_config.json, multiply r and lora_alpha by 3',
  ]);

  const once = readFileSync(output);
  await mergeLoraFiles({ inputs: [...inputs].reverse(), examples: [3, 2, 1], strategy, output });
  expect(readFileSync(output)).toEqual(once);
});

it('a merge of the factors says that it is not one of the products', async () => {
  const { notes } = await mergeFiles({ inputs, strategy: strategyByName('mean'), output });
  expect(notes).toEqual([expect.stringMatching(/LoRA: A and B of 1 pair .*--lora products/)]);
});

it.each([
  [[A, B], 1],
  [['x.lora_A.default.weight', 'x.lora_B.default.weight', 'lora_embedding_A', 'lora_embedding_B'], 2],
  [['unet_to_q.lora_down.weight', 'unet_to_q.lora_up.weight', 'unet_to_q.alpha'], 1],
  [['x.lora.down.weight', 'x.lora.up.weight'], 1],
  [['x.lora_A.weight', 'y.lora_B.weight', 'color_A', 'color_B'], 0],
] as const)('of %j, %i are factors of a product', (names, pairs) => {
  expect(loraPairs(names)).toHaveLength(pairs);
});

it('refuses strategies and adapters of which it could not make a product', async () => {
  await expect(mergeLoraFiles({ inputs, strategy: strategyByName('median'), output })).rejects.toMatchObject({
    message: 'merge: median does not merge products of LoRA, expected mean or mean-equal',
    hint: expect.stringContaining('merge_and_unload'),
  });
  const other = (name: string, tensors: readonly (readonly [string, readonly number[]])[]) => {
    const table = stateLayout(tensors);
    const size = table.reduce((sum, entry) => sum + entry.size, 0);
    const path = join(folder, name);
    writeFileSync(path, encodeSafetensors({ layout: table, data: new Float32Array(size) }));
    return { inputs: [path, path], strategy: strategyByName('mean'), output };
  };
  const dora = other('dora', [
    ...layout.map(({ name, shape }) => [name, shape] as const),
    ['q.lora_magnitude_vector', [3]],
  ]);
  await expect(mergeLoraFiles(dora)).rejects.toThrow('"q.lora_magnitude_vector" is not part of a plain LoRA');
  await expect(mergeLoraFiles(other('none', [['w', [2]]]))).rejects.toThrow('have no lora_A with its lora_B');
});
