/** Models that were written unlike: by other programs, under other names, in other dtypes. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Dtype, dtypeBytes } from '../../tensor/dtype.js';
import { f16ToF32, f32ToBf16, f32ToF16 } from '../../tensor/half.js';
import { formatSafetensorsHeader, parseSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { mean } from '../strategies/mean.js';
import { strategyByName } from '../strategies/strategies.js';
import { type MergeFilesOptions, mergeFiles } from './merge-files.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/weights', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'agreed-models-'));
const output = join(folder, 'out.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

type Tensors = Readonly<Record<string, readonly [Dtype, ...number[]]>>;
let written = 0;

/** A file of vectors; those with four values are [2,2]. */
function file(tensors: Tensors, metadata: Record<string, string> = {}): string {
  const parts: Uint8Array[] = [];
  let end = 0;
  const entries = Object.entries(tensors).map(([name, [dtype, ...values]]) => {
    const bytes = bytesOf(dtype, values);
    parts.push(bytes);
    const begin = end;
    end += bytes.length;
    return { name, dtype, shape: values.length === 4 ? [2, 2] : [values.length], begin, end };
  });
  const path = join(folder, `${written++}.safetensors`);
  writeFileSync(path, Buffer.concat([formatSafetensorsHeader(entries, metadata), ...parts]));
  return path;
}

function bytesOf(dtype: Dtype, values: number[]): Uint8Array {
  const bits = new Uint16Array(values.length);
  if (dtype === 'F16') f32ToF16(Float32Array.from(values), bits);
  if (dtype === 'BF16') f32ToBf16(Float32Array.from(values), bits);
  if (dtypeBytes[dtype] === 2) return new Uint8Array(bits.buffer);
  if (dtype === 'F64') return new Uint8Array(Float64Array.from(values).buffer);
  return dtype === 'F32' ? new Uint8Array(Float32Array.from(values).buffer) : Uint8Array.from(values);
}

function merged(): Record<string, [Dtype, ...number[]]> {
  const bytes = readFileSync(output);
  const { entries, dataStart } = parseSafetensorsHeader(bytes, output);
  const values = ({ dtype, begin, end }: (typeof entries)[number]) => {
    const { buffer } = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
    if (dtype === 'F64') return [...new Float64Array(buffer)];
    if (dtype === 'F32') return [...new Float32Array(buffer)];
    if (dtype !== 'F16') return [...new Uint8Array(buffer)];
    const wide = new Float32Array((end - begin) / 2);
    f16ToF32(new Uint16Array(buffer), wide);
    return [...wide];
  };
  return Object.fromEntries(entries.map((entry) => [entry.name, [entry.dtype, ...values(entry)]]));
}

const merging = (inputs: string[], options: Partial<MergeFilesOptions> = {}) =>
  mergeFiles({ inputs, strategy: mean(), output, ...options });

describe('names', () => {
  it('lose prefixes of wrappers where that makes them equal, of each model its own', async () => {
    const plain = file({ w: ['F32', 1], 'fc.b': ['F32', 2] });
    const wrapped = file({ 'module.w': ['F32', 3], 'module.fc.b': ['F32', 4] });
    const twice = file({ '_orig_mod.module.w': ['F32', 5], '_orig_mod.module.fc.b': ['F32', 6] });
    for (const inputs of [
      [plain, wrapped, twice],
      [twice, wrapped, plain],
    ]) {
      const { notes } = await merging(inputs);
      expect(merged()).toEqual({ w: ['F32', 3], 'fc.b': ['F32', 4] });
      expect(notes).toContain(`"${twice}": names are taken without "_orig_mod.module."`);
      expect(notes).toContain(`"${wrapped}": names are taken without "module."`);
    }
    const { notes } = await merging([wrapped, twice]);
    expect(Object.keys(merged())).toEqual(['module.w', 'module.fc.b']);
    expect(notes).toEqual([`"${twice}": names are taken without "_orig_mod."`]);
  });

  it('stay where they are alike, or would not be equal', async () => {
    const a = file({ 'model.w': ['F32', 1] });
    expect((await merging([a, file({ 'model.w': ['F32', 2] })])).notes).toEqual([]);
    expect(Object.keys(merged())).toEqual(['model.w']);
    const other = file({ v: ['F32', 1] });
    await expect(merging([a, other])).rejects.toThrow(`"model.w" is missing in "${other}"`);
  });

  it('of the base and of Fisher information lose them, too', async () => {
    const [a, b] = [file({ w: ['F32', 2] }), file({ w: ['F32', 4] })];
    const base = file({ 'module.w': ['F32', 1] });
    await merging([a, b], { base, on: 'updates' });
    expect(merged()).toEqual({ w: ['F32', 3] });
    const fisher = [file({ 'module.w': ['F32', 3] }), file({ w: ['F16', 1] })];
    await merging([a, b], { strategy: strategyByName('fisher-mean'), auxiliaries: { fisher } });
    expect(merged()).toEqual({ w: ['F32', 2.5] });
  });
});

describe('tied tensors', () => {
  const both = (...head: number[]) => file({ emb: ['F32', 1, 2, 3, 4], head: ['F32', ...head] });

  it('that one model leaves out are those that the others have twice', async () => {
    const once = file({ emb: ['F32', 3, 2, 3, 4] });
    const { notes } = await merging([once, both(1, 2, 3, 4)]);
    expect(merged()).toEqual({ emb: ['F32', 2, 2, 3, 4], head: ['F32', 2, 2, 3, 4] });
    expect(notes).toEqual([`"${once}" has no "head", which is tied to "emb": the result has both`]);
  });

  it('are told by a note in the file, even where another model has untied them', async () => {
    const once = file({ emb: ['F32', 3, 2, 3, 4] }, { head: 'emb' });
    await merging([both(5, 6, 7, 8), once]);
    expect(merged().head).toEqual(['F32', 4, 4, 5, 6]);
  });

  it('are not guessed', async () => {
    const once = file({ emb: ['F32', 3, 2, 3, 4] });
    await expect(merging([both(5, 6, 7, 8), once])).rejects.toThrow(`"head" is missing in "${once}"`);
  });
});

describe('dtypes', () => {
  it('are the wider of each tensor', async () => {
    const a = file({ u: ['F16', 1], v: ['F32', 1], w: ['F16', 1] });
    const b = file({ u: ['BF16', 2], v: ['F64', 2], w: ['F16', 2] });
    await merging([a, b]);
    expect(merged()).toEqual({ v: ['F64', 1.5], u: ['F32', 1.5], w: ['F16', 1.5] });
  });

  it('are the one that is asked for, rounded once from the exact mean', async () => {
    // Their mean, 1 + 2⁻¹¹ + 2⁻³¹, is above the middle of two F16, and a float32 would be on it.
    const [a, b] = [1 + 2 ** -11, 1 + 2 ** -11 + 2 ** -30];
    const inputs = [file({ w: ['F64', a] }), file({ w: ['F64', b] })];
    await merging(inputs, { dtype: 'F16' });
    expect(merged()).toEqual({ w: ['F16', 1 + 2 ** -10] });
    await merging([file({ w: ['F16', 1] }), file({ w: ['F16', 2] })], { dtype: 'F64' });
    expect(merged()).toEqual({ w: ['F64', 1.5] });
  });

  it('are the same for hundreds of files, which are summed one by one', async () => {
    const inputs = Array.from({ length: 300 }, (_, k) => file({ w: [k % 2 ? 'F32' : 'F16', k % 3, 1] }));
    await merging(inputs, { dtype: 'F16' });
    expect(merged()).toEqual({ w: ['F16', 1, 1] });
  });

  it('of 8 bits are carried, and not averaged', async () => {
    const [a, b] = [file({ w: ['F8_E4M3', 1, 2] }), file({ w: ['F8_E4M3', 1, 3] })];
    await merging([a, a]);
    expect(merged()).toEqual({ w: ['F8_E4M3', 1, 2] });
    await expect(merging([a, b])).rejects.toMatchObject({
      message: expect.stringContaining('"w" is F8_E4M3 and differs at index 1'),
      hint: expect.stringContaining('are not averaged'),
    });
  });
});

describe('models of other programs', () => {
  it('are merged with one another, in pieces', async () => {
    const paths = ['net.pt', 'protocol4.pt', 'checkpoint.pt'].map((name) => join(fixtures, name));
    const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'));
    await merging(paths, { dtype: 'F64' });
    const result = merged();
    for (const name of ['f32', 'f16', 'transposed', 'part', 'channels_last', 'expanded', 'scalar', 'empty']) {
      const [dtype, ...values] = result[name]!;
      expect([dtype, values.length], name).toEqual(['F64', expected[name].values.length]);
      values.forEach((value, i) => {
        expect(value, name).toBeCloseTo(expected[name].values[i], 12);
      });
    }
  });
});
