import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import type { Dtype } from '../../tensor/dtype.js';
import { f32ToBf16, f32ToF16 } from '../../tensor/half.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { formatSafetensorsHeader, type SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { tensorView } from '../../tensor/state-dict.js';
import { merge } from '../memory/merge.js';
import { absmax } from '../strategies/absmax.js';
import { mean } from '../strategies/mean.js';
import { strategyByName } from '../strategies/strategies.js';
import { type MergeFilesOptions, mergeFiles } from './merge-files.js';

let folder = '';
let output = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merge-files-'));
  output = join(folder, 'out.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

type Values = BigInt64Array | Int32Array | Float32Array | Float64Array | Uint16Array | Uint8Array;
type Tensors = readonly (readonly [name: string, dtype: Dtype, values: Values])[];

async function write(name: string, tensors: Tensors, metadata?: SafetensorsMetadata): Promise<string> {
  let end = 0;
  const entries = tensors.map(([tensor, dtype, values]) => {
    const begin = end;
    end += values.byteLength;
    return { name: tensor, dtype, shape: [values.length], begin, end };
  });
  const parts = [
    formatSafetensorsHeader(entries, metadata),
    ...tensors.map(([, , values]) => Buffer.from(values.buffer)),
  ];
  const path = join(folder, name);
  await writeFile(path, Buffer.concat(parts));
  return path;
}

const f32 = (...values: number[]) => Float32Array.from(values);
const merging = (options: Partial<MergeFilesOptions> & Pick<MergeFilesOptions, 'inputs'>) =>
  mergeFiles({ strategy: mean(), output, ...options });
const result = async () => decodeSafetensors(await readFile(output), 'out');

/** Writes a state of two tensors with normal values; the larger one has several chunks. */
async function writeRandom(name: string, change = (value: number) => value): Promise<string> {
  const stream = randomStream(1, name);
  const values = () => Float32Array.from({ length: 50_000 }, () => change(stream.normal()));
  return write(name, [
    ['big', 'F32', values()],
    ['small', 'F32', values().slice(0, 3)],
  ]);
}

describe('merging files', () => {
  it.each(
    [
      ['mean', 'mean-equal', 'max', 'absmax', 'absmax(on=updates)', 'median', 'trimmed-mean(trim=0.34)'],
      ['geometric-median', 'krum(f=0)', 'multi-krum(f=0, m=2)', 'bulyan(f=0)', 'centred-clipping(tau=100)'],
      ['task-arithmetic(lambda=0.5)', 'ties', 'dare', 'fisher-mean', 'model-stock'],
      ['slerp(t=0.3)', 'krum', 'multi-krum', 'bulyan'],
    ].flat(),
  )('gives the bytes of merging in memory, with "%s"', async (name) => {
    const strategy = strategyByName(name);
    const { least = 1, most = 9 } = strategy.takes ?? {};
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].slice(0, Math.min(most, Math.max(3, least)));
    const inputs = await Promise.all(names.map((name) => writeRandom(name)));
    const fisher = await Promise.all(names.map((name) => writeRandom(`${name} fisher`, Math.abs)));
    const base = await writeRandom('base');
    const read = async (path: string) => decodeSafetensors(await readFile(path), path).state;
    const examples = names.map((_, k) => (k * 5) % 7 || 1);
    const updates = await Promise.all(
      inputs.map(async (path, k) => ({
        name: `site-${k}`,
        examples: examples[k]!,
        state: await read(path),
        auxiliaries: { fisher: await read(fisher[k]!) },
      })),
    );
    const auxiliaries = strategy.auxiliaries === undefined ? {} : { auxiliaries: { fisher } };
    for (const on of ['weights', 'updates'] as const) {
      if ((strategy.on ?? on) !== on) continue;
      const expected = encodeSafetensors(merge(strategy, updates, { on, base: await read(base) }));
      for (const chunkBytes of [65536, 2 ** 20]) {
        const options = { inputs, examples, strategy, on, chunkBytes, ...auxiliaries };
        await merging(on === 'updates' ? { ...options, base } : options);
        expect(Buffer.compare(await readFile(output), expected)).toBe(0);
      }
    }
  });

  it('gives the same bytes in whatever order the files are named and whatever the size of the chunks', async () => {
    // Values whose sum depends on their order, after a beginning that is the same in all files.
    const values = [1e16, 1, -1e16, 3];
    const write64 = (value: number, k: number) =>
      write(`${k}`, [
        ['shared', 'F64', new Float64Array(20_000)],
        ['w', 'F64', Float64Array.of(value, 1)],
      ]);
    const inputs = await Promise.all(values.map(write64));
    const seen = new Set<string>();
    const stream = randomStream(1, 'orders');
    for (let trial = 0; trial < 12; trial++) {
      const order = [...stream.permutation(inputs.length)];
      const chunkBytes = trial % 2 === 0 ? 65536 : 2 ** 20;
      await merging({
        inputs: order.map((k) => inputs[k]!),
        examples: order.map((k) => [1, 2, 1, 2][k]!),
        chunkBytes,
      });
      seen.add((await readFile(output)).toString('hex'));
    }
    expect(seen.size).toBe(1);
  });

  it('does not mind equal files with different numbers of examples', async () => {
    const inputs = [await write('a', [['w', 'F32', f32(1, 2)]]), await write('b', [['w', 'F32', f32(1, 2)]])];
    await merging({ inputs, examples: [1, 5] });
    const once = await readFile(output);
    await merging({ inputs: [...inputs].reverse(), examples: [5, 1] });
    expect(await readFile(output)).toEqual(once);
  });

  it('says that an input is given twice, and that the base is among the inputs', async () => {
    const a = await write('a', [['w', 'F32', f32(1, 2)]]);
    const b = await write('b', [['w', 'F32', f32(3, 2)]]);
    const copy = await write('copy', [['w', 'F32', f32(3, 2)]]);
    expect((await merging({ inputs: [a, b, a] })).notes).toEqual([
      `"${a}" is given 2 times, and counts 2 times`,
    ]);
    const strategy = strategyByName('task-arithmetic');
    expect((await merging({ inputs: [a, copy], base: b, strategy })).notes).toEqual([
      `"${copy}" is the base: among the inputs it counts as an update of 0`,
    ]);
    expect((await merging({ inputs: [a, copy], base: a, strategy })).notes).toHaveLength(1);
    expect((await merging({ inputs: [a, copy] })).notes).toEqual([]);
  });

  it('names the way out where tensors of integers differ, and goes it', async () => {
    const mask = (...values: number[]): Tensors => [
      ['mask', 'U8', Uint8Array.from(values)],
      ['w', 'F32', f32(1)],
    ];
    const inputs = [await write('b', mask(2, 0)), await write('a', mask(1, 1))];
    await expect(merging({ inputs })).rejects.toMatchObject({
      message: expect.stringContaining('"mask" is U8 and differs at index'),
      hint: 'take integers as the first file has them, by --statistics first, or make them equal in all files',
    });
    await merging({ inputs, statistics: 'first' });
    const bytes = await readFile(output);
    expect([...bytes.subarray(-6, -4)]).toEqual([2, 0]);
  });

  it.each(['mean', 'strategy', 'first'] as const)(
    'statistics by "%s": the same bytes for chunks of any size, beside a strategy that looks at all weights',
    async (statistics) => {
      const model = (k: number): Tensors => [
        ['bn.num_batches_tracked', 'I64', BigInt64Array.of(5n + BigInt(k))],
        [
          'bn.running_mean',
          'F32',
          Float32Array.from({ length: 40_000 }, (_, i) => i * 1e6 * (k === 3 ? 1 : k)),
        ],
        ['w', 'F32', Float32Array.from({ length: 40_000 }, (_, i) => Math.sin(i + k) + (k === 3 ? 9 : 0))],
      ];
      const inputs = [];
      for (let k = 0; k < 5; k++) inputs.push(await write(`${k}`, model(k)));
      const strategy = strategyByName('krum');
      const seen = new Set<string>();
      for (const chunkBytes of [65_536, 2 ** 20]) {
        await merging({ inputs, strategy, statistics, chunkBytes });
        seen.add((await readFile(output)).toString('hex'));
      }
      expect(seen.size).toBe(1);
      const { state } = await result();
      expect(tensorView(state, 'bn.num_batches_tracked')[0]).toBe(statistics === 'first' ? 5 : 9);
      if (statistics !== 'strategy') {
        // Krum does not look at what the strategy does not merge: by their weights, all updates but
        // 3 are close together.
        const mean = statistics === 'mean' ? ((0 + 1 + 2 + 1 + 4) / 5) * 1e6 : 0;
        expect(tensorView(state, 'bn.running_mean')[1]).toBeCloseTo(mean, 0);
        expect(Math.abs(tensorView(state, 'w')[0]!)).toBeLessThan(1.1);
      }
    },
  );

  it('rounds a mean to F16 once: of 4, 2⁻⁹, 2⁻²⁴ and 0', async () => {
    const inputs = await Promise.all(
      [4, 2 ** -9, 2 ** -24, 0].map((value, k) => {
        const bits = new Uint16Array(1);
        f32ToF16(f32(value), bits);
        return write(`${k}`, [['w', 'F16', bits]]);
      }),
    );
    await merging({ inputs });
    // Rounded first to float32, 1 + 2⁻¹¹ + 2⁻²⁶ would lose its last part, and the tie would go to
    // 1.
    expect([...(await result()).state.data]).toEqual([1 + 2 ** -10]);
  });

  it('keeps F16, BF16 and F64 as they are, and copies what is no floating-point number', async () => {
    const narrow = (convert: typeof f32ToF16, ...values: number[]) => {
      const out = new Uint16Array(values.length);
      convert(f32(...values), out);
      return out;
    };
    const tensors = (x: number, y: number): Tensors => [
      ['steps', 'U8', Uint8Array.of(1, 2, 3)],
      ['half', 'F16', narrow(f32ToF16, x, y)],
      ['brain', 'BF16', narrow(f32ToBf16, x, y)],
      ['double', 'F64', Float64Array.of(x + 2 ** -40, y)],
    ];
    const metadata = { format: 'pt' };
    const inputs = [
      await write('a', tensors(1, -3), { ...metadata, name: 'a' }),
      await write('b', tensors(2, 3), { ...metadata, name: 'b' }),
    ];
    const merged = await merging({ inputs, strategy: absmax() });
    const expected = await readFile(await write('expected', tensors(2, 3), metadata));
    expect(await readFile(output)).toEqual(expected);
    expect(merged).toEqual({ tensors: 4, bytes: expected.length, notes: [] });
    await merging({ inputs });
    const middle = (await readFile(output)).subarray(-16);
    expect(new Float64Array(Uint8Array.from(middle).buffer)).toEqual(Float64Array.of(1.5 + 2 ** -40, 0));
  });

  it('finds tensors that lie in another order, at another offset', async () => {
    const a = await write('a', [
      ['u', 'F32', f32(1)],
      ['v', 'F32', f32(2, 3)],
    ]);
    const b = await write(
      'b',
      [
        ['v', 'F32', f32(4, 5)],
        ['u', 'F32', f32(7)],
      ],
      { note: 'a longer header' },
    );
    await merging({ inputs: [b, a] });
    const { state } = await result();
    expect(state.layout.map(({ name }) => name)).toEqual(['u', 'v']);
    expect([...state.data]).toEqual([4, 3, 4]);
  });

  it('reports how far it is', async () => {
    const inputs = [await writeRandom('a'), await writeRandom('b')];
    const seen: number[] = [];
    const onProgress = ({ doneBytes, totalBytes }: { doneBytes: number; totalBytes: number }) => {
      seen.push(doneBytes / totalBytes);
    };
    await merging({ inputs, chunkBytes: 65536, onProgress });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.length).toBeGreaterThan(3);
  });

  it('stops when it is told to, and leaves nothing behind', async () => {
    const inputs = [await writeRandom('a')];
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const stopped = merging({ inputs, chunkBytes: 65536, signal: controller.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readdir(folder)).toEqual(['a']);
  });
});

describe('merging files is refused', () => {
  let good = '';
  beforeEach(async () => {
    good = await write('a', [
      ['w', 'F32', f32(1, 2)],
      ['n', 'I32', new Uint8Array(0)],
    ]);
    await writeFile(output, 'old');
  });
  const refused = async (message: string, options: Partial<MergeFilesOptions>) => {
    const before = await readdir(folder);
    await expect(merging({ inputs: [good], ...options })).rejects.toThrow(message);
    expect(await readFile(output, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(before);
  };
  const other = (...tensors: Tensors) => write('b', [...tensors, ['n', 'I32', new Uint8Array(0)]]);

  it('with NaN in a file, which is named', async () => {
    const values = new Float32Array(300_000);
    values[280_000] = Number.NaN;
    const a = await write('x', [['w', 'F32', new Float32Array(300_000)]]);
    const b = await write('b', [['w', 'F32', values]]);
    await refused(`merge: "w" is NaN at index 280000 in "${b}", expected a finite number`, {
      inputs: [a, b],
    });
  });

  it('with other shapes, names or dtypes', async () => {
    const shape = await other(['w', 'F32', f32(1, 2, 3)]);
    await refused(`merge: "w" is [3] in "${shape}", expected [2]`, { inputs: [good, shape] });
    const name = await other(['v', 'F32', f32(1, 2)]);
    await refused(`merge: "w" is missing in "${name}"`, { inputs: [good, name] });
    const dtype = await other(['w', 'I32', Int32Array.of(1, 2)]);
    await refused(`merge: "w" is I32 in "${dtype}", expected F32`, { inputs: [good, dtype] });
  });

  it('with integers that differ', async () => {
    const [a, b] = [
      await write('x', [['n', 'U8', Uint8Array.of(1, 2)]]),
      await write('y', [['n', 'U8', Uint8Array.of(1, 3)]]),
    ];
    await refused(`merge: "n" is U8 and differs at index 1 between "${a}" and "${b}"`, { inputs: [a, b] });
  });

  it('with a file that is missing, cut short or no safetensors file', async () => {
    const missing = join(folder, 'none');
    await refused(`cannot read "${missing}": there is no such file`, { inputs: [good, missing] });
    const short = join(folder, 'short');
    await writeFile(short, (await readFile(good)).subarray(0, -1));
    await refused(`${short}: the file is cut short`, { inputs: [good, short] });
    await refused(`${output}: this is a text, expected weights`, { inputs: [output] });
  });

  it('when the output is an input, under whatever name', async () => {
    const linked = join(folder, 'linked');
    await link(good, linked);
    const before = await readFile(good);
    await expect(merging({ inputs: [good], output: linked })).rejects.toThrow(
      `merge: the output "${linked}" is the input "${good}"`,
    );
    expect(await readFile(good)).toEqual(before);
  });

  it('with options that do not fit together', async () => {
    await refused('merge: there are no input files', { inputs: [] });
    await refused('merge: 2 numbers of examples for 1 input files', { examples: [1, 2] });
    await refused('merge: bulyan takes at least 7 updates (n ≥ 4f + 3), got 1', {
      strategy: strategyByName('bulyan'),
    });
    await refused('merge: ties is applied to updates, so it needs a base', {
      strategy: strategyByName('ties'),
    });
    await refused('merge: fisher-mean takes 1 files of "fisher", got 0', {
      strategy: strategyByName('fisher-mean'),
    });
    await refused('merge: mean takes 0 files of "fisher", got 1', { auxiliaries: { fisher: [good] } });
    await refused(`merge: "${good}" has -1 examples, expected a positive number`, { examples: [-1] });
    await refused('merge: on updates it needs a base', { on: 'updates' });
    await refused('merge: a base is given, but the weights themselves are merged', { base: good });
    await refused('merge: chunkBytes is 1000, expected a multiple of 65536', { chunkBytes: 1000 });
  });
});
