import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { encodeModel } from '../../../engine/nn/model-file.js';
import { encodeSafetensors } from '../../../tensor/safetensors.js';
import { layoutSize, stateLayout } from '../../../tensor/state-dict.js';
import { encodeState } from '../../../transforms/codec/coded-file.js';
import { half } from '../../../transforms/codec/half.js';
import { checkUpdate, type UpdateCheck } from './check-update.js';

const folder = await mkdtemp(join(tmpdir(), 'commonweight-check-'));
afterAll(() => rm(folder, { recursive: true }));
const layout = stateLayout([
  ['conv.weight', [3, 2]],
  ['conv.bias', [3]],
  ['fc.weight', [2, 3]],
]);
const size = layoutSize(layout);
const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
const sound = encodeSafetensors({ layout, data });
const headerBytes = sound.length - 4 * size;
const what = 'the update of "site-b"';

let files = 0;
async function problemOf(bytes: Uint8Array, check: Partial<UpdateCheck> = {}, of = layout) {
  const path = join(folder, `${++files}`);
  await writeFile(path, bytes);
  return (await checkUpdate(path, of, { what, ...check })).problem;
}
async function baseFile(values: Float32Array) {
  const path = join(folder, `base-${++files}`);
  const description = {
    ...{ network: { name: 'lenet5' as const }, dataset: 'x' },
    inputs: [{ name: 'x', dtype: 'f32' as const, shape: [4], meaning: { kind: 'number' as const } }],
    targets: [{ name: 'y', dtype: 'f32' as const, shape: [], meaning: { kind: 'number' as const } }],
  };
  await writeFile(path, encodeModel({ layout, data: values }, description));
  return path;
}
const changed = (place: number, value: number) =>
  encodeSafetensors({ layout, data: data.with(place, value) });

describe('an update that came in', () => {
  it('is sound as it is written', async () => {
    expect(await problemOf(sound)).toBeUndefined();
  });

  it('is refused with any other byte in its header', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: headerBytes - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (place, flip) => {
          const bytes = sound.slice();
          bytes[place] = (bytes[place] as number) ^ flip;
          expect(await problemOf(bytes)).toContain('"site-b"');
        },
      ),
      { seed: 1, numRuns: 300 },
    );
  });

  it('is refused with a number that is not finite, wherever it lies', async () => {
    for (let place = 0; place < size; place++) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const { name, offset } = layout.findLast((entry) => entry.offset <= place)!;
        expect(await problemOf(changed(place, value))).toBe(
          `"${name}" is ${value} at index ${place - offset} in ${what}, expected a finite number`,
        );
      }
    }
  });

  it('is refused when it is cut short or goes on', async () => {
    for (const length of [0, 5, headerBytes - 1, headerBytes, sound.length - 4, sound.length - 1]) {
      expect(await problemOf(sound.subarray(0, length))).toContain(what);
    }
    expect(await problemOf(Buffer.concat([sound, new Uint8Array(4)]))).toContain(
      `${what}: not a valid safetensors file: the tensors end at byte`,
    );
  });

  it('is refused with a header that is far too long, before it is read', async () => {
    const long = encodeSafetensors({ layout, data }, { note: 'x'.repeat(100_000) });
    expect(await problemOf(long)).toMatch(/"site-b" has a header of 100\d+ bytes, expected \d+$/);
  });

  it('that is not there is our own trouble', async () => {
    await expect(checkUpdate(join(folder, 'none'), layout, { what })).rejects.toThrow(
      'there is no such file',
    );
  });

  it('is refused with other tensors, by name, shape, dtype or order', async () => {
    const of = (...shapes: [string, number[]][]) => {
      const other = stateLayout(shapes);
      return encodeSafetensors({ layout: other, data: new Float32Array(layoutSize(other)) });
    };
    const [first, second, third] = [
      ['conv.weight', [3, 2]],
      ['conv.bias', [3]],
      ['fc.weight', [2, 3]],
    ] as [string, number[]][];
    expect(await problemOf(of(first!, third!))).toBe(`${what}: "conv.bias" is missing`);
    expect(await problemOf(of(first!, ['conv.bias', [4]], third!))).toBe(
      `${what}: "conv.bias" is [4], expected [3]`,
    );
    expect(await problemOf(of(first!, second!, third!, ['more', [1]]))).toBe(
      `${what}: "more" is not expected`,
    );
    expect(await problemOf(of(second!, first!, third!))).toBe(
      `${what} has "conv.bias" in place 1, expected "conv.weight"`,
    );
    const halves = Buffer.from(sound).toString('latin1').replace('"F32","shape":[3]', '"I32","shape":[3]');
    expect(await problemOf(Buffer.from(halves, 'latin1'))).toBe(
      `"conv.bias" is I32 in ${what}, expected F32`,
    );
  });

  it('is refused with metadata, which would be bytes of the sender’s choice', async () => {
    const chatty = encodeSafetensors({ layout, data }, { note: 'hello' });
    expect(await problemOf(chatty)).toContain('its header is written in another way');
  });

  it('is refused when it lies absurdly far from where it began', async () => {
    const base = await baseFile(data);
    expect(await problemOf(sound, { base })).toBeUndefined();
    expect(await problemOf(changed(4, 1e6), { base })).toMatch(
      /^the weights of the update of "site-b" lie 2\.58e\+5 from where they began .* expected at most 100$/,
    );
    // √(3²/15) from where they began.
    const moved = changed(4, data[4]! + 3);
    expect(await problemOf(moved, { base, farthest: 0.77 })).toContain('lie 0.775 from where they began');
    expect(await problemOf(moved, { base, farthest: 0.78 })).toBeUndefined();
    expect(await problemOf(changed(0, 3e38))).toContain('from zero');
    // What is far for small weights is not for large ones.
    const large = await baseFile(data.map((value) => 1000 * value));
    const scaled = encodeSafetensors({ layout, data: data.map((value) => -1000 * value) });
    expect(await problemOf(scaled, { base })).toContain('expected at most 100');
    expect(await problemOf(scaled, { base: large })).toBeUndefined();
  });

  it('is refused when its weights have changed by more than they are clipped to', async () => {
    // 3 in one place, 4 in another: a norm of 5.
    const moved = encodeSafetensors({
      layout,
      data: data.with(0, data[0]! + 3).with(14, data[14]! - 4),
    });
    const drawn = { layout, data };
    for (const base of [drawn, await baseFile(data)]) {
      expect(await problemOf(moved, { base, clip: 5 })).toBeUndefined();
      const problem = await problemOf(moved, { base, clip: 4.99 });
      expect(problem).toContain('"site-b" have changed by 5.000');
      expect(problem).toContain('at most 4.99, which is "clipUpdate"');
    }
  });

  it('may have statistics that changed by more', async () => {
    const of = stateLayout([
      ['fc.weight', [2]],
      ['bn.running_mean', [2]],
    ]);
    const base = { layout: of, data: Float32Array.of(1, 2, 3, 4) };
    const update = encodeSafetensors({ layout: of, data: Float32Array.of(1, 2.5, 90, 4) });
    expect(await problemOf(update, { base, clip: 0.5 }, of)).toBeUndefined();
    expect(await problemOf(update, { base, clip: 0.4 }, of)).toContain('changed by 0.5000');
  });

  it('by another codec is held to that one, to the byte', async () => {
    const base = { layout, data };
    const moved = { layout, data: data.map((value, i) => value + 1e-3 * i) };
    const file = encodeState(moved, base, half);
    const check = { base, codec: half };
    expect(await problemOf(file, check)).toBeUndefined();
    expect(await problemOf(sound, check)).toBe(`"conv.weight" is F32 in ${what}, expected F16`);
    expect(await problemOf(file, { base })).toBe(`"conv.weight" is F16 in ${what}, expected F32`);
    expect(await problemOf(encodeState(moved, base, half, { codec: 'half' }), check)).toContain(
      'its header is written in another way',
    );
    expect(await problemOf(file.subarray(0, -2), check)).toContain(what);
    // An infinity, and a change far beyond what one round moves.
    for (const [bits, message] of [
      [0x7c00, `"conv.weight" is Infinity at index 0 in ${what}`],
      [0x7bff, 'from where they began'],
    ] as const) {
      const other = file.slice();
      new DataView(other.buffer).setUint16(file.length - 2 * size, bits, true);
      expect(await problemOf(other, check)).toContain(message);
    }
    expect(await problemOf(file, { ...check, clip: 0.01 })).toContain('"clipUpdate"');
    expect(await problemOf(file, { ...check, clip: 0.04 })).toBeUndefined();
  });

  it('may have counters, which are whole numbers', async () => {
    const of = stateLayout([
      ['fc.weight', [2]],
      ['bn.num_batches_tracked', []],
    ]);
    const counted = encodeSafetensors({ layout: of, data: Float32Array.of(1, 2, 40) });
    expect(await problemOf(counted, {}, of)).toBeUndefined();
    const header = counted.length - 16;
    const wrong = counted.slice();
    new DataView(wrong.buffer).setBigInt64(header, 2n ** 40n, true);
    expect(await problemOf(wrong, {}, of)).toContain('"bn.num_batches_tracked" is 1099511627776');
  });

  it('says how far it moved, in units of what it began with', async () => {
    const base = await baseFile(data);
    const path = join(folder, 'moved');
    await writeFile(path, encodeSafetensors({ layout, data: data.map((value) => 1.25 * value) }));
    const { moved } = (await checkUpdate(path, layout, { what, base })) as { moved: number };
    expect(moved).toBeCloseTo(0.25, 6);
  });

  it('of bounded numbers has none beyond its bound', async () => {
    const squares = data.map((value) => value ** 2);
    expect(
      await problemOf(encodeSafetensors({ layout, data: squares }), {
        bound: { least: 0, most: 1e8 },
        farthest: Infinity,
      }),
    ).toBeUndefined();
    const wrong = encodeSafetensors({ layout, data: squares.with(7, -1e-9) });
    const bounded = { bound: { least: 0, most: 100 }, farthest: Infinity };
    expect(await problemOf(wrong, bounded)).toMatch(/"conv.bias" is -.* expected a number from 0 to 100$/);
    const large = encodeSafetensors({ layout, data: squares.with(7, 101) });
    expect(await problemOf(large, bounded)).toMatch(/"conv.bias" is 101 .* expected a number from 0 to 100$/);
  });

  it('is read in pieces, to its last number', async () => {
    const large = stateLayout([
      ['a', [300_001]],
      ['b', [7]],
    ]);
    const values = new Float32Array(300_008).fill(0.5);
    expect(await problemOf(encodeSafetensors({ layout: large, data: values }), {}, large)).toBeUndefined();
    for (const [place, message] of [
      [300_000, '"a" is NaN at index 300000'],
      [300_007, '"b" is NaN at index 6'],
    ] as const) {
      const bytes = encodeSafetensors({ layout: large, data: values.with(place, NaN) });
      expect(await problemOf(bytes, {}, large)).toContain(message);
    }
  });
});
