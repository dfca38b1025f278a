import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../base/random.js';
import { f32ToBf16 } from '../../tensor/half.js';
import { type PermutationGroup, permuteState } from '../../tensor/permutation-group.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { formatSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { type StateDict, stateLayout, tensorView } from '../../tensor/state-dict.js';
import { alignUpdates } from '../align/align.js';
import { merge } from '../memory/merge.js';
import { absmax } from '../strategies/absmax.js';
import { fisherMean } from '../strategies/fisher-mean.js';
import { mean } from '../strategies/mean.js';
import { mergeAlignedFiles } from './merge-aligned-files.js';
import type { MergeFilesOptions } from './merge-files.js';

const layout = stateLayout([
  ['in.weight', [12, 5]],
  ['in.bias', [12]],
  ['out.weight', [3, 24]],
]);
const groups: PermutationGroup[] = [
  {
    size: 12,
    members: [
      { tensor: 'in.weight', axis: 0, block: 1 },
      { tensor: 'in.bias', axis: 0, block: 1 },
      { tensor: 'out.weight', axis: 1, block: 2 },
    ],
  },
];
/**
 * Normal values after this first one, which decides the order of the files: F32 is compared as
 * bytes.
 */
function model(first: number, name: string): StateDict {
  const random = randomStream(1, name);
  const data = Float32Array.from({ length: 144 }, random.normal);
  data[60] = first;
  return { layout, data };
}

let folder = '';
let output = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'merge-aligned-'));
  output = join(folder, 'out.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
const merging = (options: Partial<MergeFilesOptions> & Pick<MergeFilesOptions, 'inputs'>) =>
  mergeAlignedFiles(groups, { strategy: mean(), output, ...options });

describe('merging aligned files', () => {
  it('takes models with batch norm: statistics move with their units, counters and masks as without', async () => {
    const names = [['in.bias', 'bn.running_var'] as const];
    const normed = (state: StateDict, count: number) => {
      const table = state.layout.map((entry) => ({
        ...entry,
        name: new Map<string, string>(names).get(entry.name) ?? entry.name,
      }));
      const counted = stateLayout([
        ...table.map(({ name, shape }) => [name, shape] as const),
        ['bn.num_batches_tracked', []],
      ]);
      const data = Float32Array.from([
        ...state.data.map((value, i) => (i >= 60 && i < 72 ? value ** 2 : value)),
        count,
      ]);
      return { layout: counted, data };
    };
    const own = groups.map((group) => ({
      ...group,
      members: group.members.map((member) => ({
        ...member,
        tensor: new Map<string, string>(names).get(member.tensor) ?? member.tensor,
      })),
    }));
    const state = normed(model(1, 'a'), 7);
    const shuffled = permuteState(own, [randomStream(1, 'order').permutation(12)], normed(model(1, 'a'), 9));
    const inputs = [
      await write('a', encodeSafetensors(state)),
      await write('b', encodeSafetensors(shuffled)),
    ];
    const { notes } = await mergeAlignedFiles(own, { inputs, output, strategy: mean() });
    expect(notes).toEqual([
      expect.stringContaining('1 statistic by the weighted mean, 1 counter by the largest'),
    ]);
    const merged = decodeSafetensors(await readFile(output), 'out').state;
    expect(tensorView(merged, 'bn.num_batches_tracked')[0]).toBe(9);
    const variances = [state, shuffled].map((one) => [...tensorView(one, 'bn.running_var')]);
    expect(variances).toContainEqual([...tensorView(merged, 'bn.running_var')]);
  });

  it('moves what travels with a file like its weights', async () => {
    const [state, fisher] = [model(2, 'a'), model(1, 'fisher')];
    fisher.data.forEach((value, i) => {
      fisher.data[i] = value ** 2;
    });
    const shuffle = (values: StateDict) =>
      permuteState(groups, [randomStream(1, 'order').permutation(12)], values);
    const files = (values: StateDict, name: string) =>
      Promise.all([
        write(`${name}-a`, encodeSafetensors(values)),
        write(`${name}-b`, encodeSafetensors(shuffle(values))),
      ]);
    await merging({
      inputs: await files(state, 'weights'),
      strategy: fisherMean(),
      auxiliaries: { fisher: await files(fisher, 'fisher') },
    });
    const merged = decodeSafetensors(await readFile(output), 'out').state.data;
    const originals = [state, shuffle(state)].map(({ data }) => data.join());
    expect(originals).toContain(merged.join());
  });

  it('gives what aligning and merging in memory give, whatever the order in which files are named', async () => {
    // Tensors are compared by name: "in.bias" comes first.
    const states = [model(2, 'a'), model(4, 'b'), model(8, 'c')];
    const paths = await Promise.all(
      states.map((state, k) => write(`${k}.safetensors`, encodeSafetensors(state))),
    );
    const updates = states.map((state, k) => ({ name: `${k}`, examples: 1, state }));
    for (const strategy of [mean(), absmax()]) {
      const expected = merge(strategy, alignUpdates(groups, updates));
      for (const inputs of [paths, paths.toReversed()]) {
        await merging({ inputs, strategy });
        expect(decodeSafetensors(await readFile(output), 'out').state).toEqual(expected);
      }
      expect(merge(strategy, updates)).not.toEqual(expected);
    }
  });

  it('moves bytes of any dtype, and aligns to the base where there is one', async () => {
    const state = model(1, 'a');
    const shuffled = permuteState(groups, [randomStream(1, 'order').permutation(12)], state);
    const base = await write('base.safetensors', bf16File(state));
    const inputs = [
      await write('b.safetensors', bf16File(shuffled)),
      await write('a.safetensors', bf16File(state)),
    ];
    await merging({ inputs, on: 'updates', base });
    expect(await readFile(output)).toEqual(await readFile(base));
  });

  it('leaves nothing but the output behind', async () => {
    const inputs = [
      await write('a.safetensors', encodeSafetensors(model(1, 'a'))),
      await write('b.safetensors', encodeSafetensors(model(2, 'b'))),
    ];
    await merging({ inputs });
    await expect(merging({ inputs, examples: [1, 2, 3] })).rejects.toThrow('3 numbers of examples');
    expect((await readdir(folder)).sort()).toEqual(['a.safetensors', 'b.safetensors', 'out.safetensors']);
  });

  it('complains of the files themselves, not of their copies', async () => {
    const good = await write('good.safetensors', encodeSafetensors(model(1, 'a')));
    const bad = await write('bad.safetensors', encodeSafetensors(model(Number.NaN, 'b')));
    await expect(merging({ inputs: [good, bad] })).rejects.toThrow(
      `merge: "in.bias" is NaN at index 0 in "${bad}", expected a finite number`,
    );
    const other = await write('other.safetensors', Buffer.from(encodeSafetensors(model(1, 'a'))));
    const text = (await readFile(other))
      .toString('latin1')
      .replace('"in.weight":{"dtype":"F32"', '"in.weight":{"dtype":"I32"');
    await writeFile(other, text, 'latin1');
    await expect(merging({ inputs: [good, other] })).rejects.toThrow(
      `merge: "in.weight" is I32 in "${other}", expected F32`,
    );
    await expect(merging({ inputs: [good, good], output: good })).rejects.toThrow(
      `merge: the output "${good}" is the input "${good}"`,
    );
    const nowhere = join(folder, 'nowhere', 'out.safetensors');
    await expect(merging({ inputs: [good], output: nowhere })).rejects.toThrow('there is no folder');
  });
});

function bf16File({ layout, data }: StateDict): Uint8Array {
  const entries = layout.map(({ name, shape, offset, size }) => ({
    name,
    shape,
    dtype: 'BF16' as const,
    begin: 2 * offset,
    end: 2 * (offset + size),
  }));
  const values = new Uint16Array(data.length);
  f32ToBf16(data, values);
  return Buffer.concat([formatSafetensorsHeader(entries), Buffer.from(values.buffer)]);
}
