import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeSafetensors } from '../../tensor/safetensors.js';
import { parseSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { layoutSize, type StateDict, stateLayout } from '../../tensor/state-dict.js';
import type { Codec } from './codec.js';
import {
  asItArrives,
  codedEntries,
  decodeCodedModel,
  decodedTensors,
  decodeState,
  decodeStateInTurns,
  encodeCodedModel,
  encodeState,
  mostBytes,
} from './coded-file.js';
import { half } from './half.js';
import { plain } from './plain.js';

const layout = stateLayout([
  ['fc.weight', [3, 2]],
  ['bn.running_var', [2]],
  ['bn.num_batches_tracked', []],
  ['fc.bias', [3]],
]);
const stateOf = (value: (index: number) => number): StateDict => {
  const data = Float32Array.from({ length: layoutSize(layout) }, (_, i) => value(i));
  data[8] = 7;
  return { layout, data };
};
const base = stateOf((i) => Math.sin(i));
const state = stateOf((i) => Math.sin(i) + 0.01 * Math.cos(3 * i));
const weights = [0, 1, 2, 3, 4, 5, 9, 10, 11];

/** Says the sign of each change, and how large they are on average: one part more than a tensor. */
const signs: Codec = {
  name: 'signs',
  parts: (shape) => [
    { suffix: '', dtype: 'I8', shape },
    { suffix: '.scale', dtype: 'F32', shape: [1] },
  ],
  encode(values, base) {
    const changes = values.map((value, i) => value - base[i]!);
    const scale = changes.reduce((sum, change) => sum + Math.abs(change), 0) / values.length;
    return [Int8Array.from(changes, Math.sign), Float32Array.of(scale)];
  },
  decode: (parts, base) => base.map((value, i) => value + parts[0]![i]! * parts[1]![0]!),
};

describe('the file of a coded state', () => {
  it('has, by the plain codec, the bytes of any other state', () => {
    const metadata = { note: 'x' };
    expect(encodeState(state, base, plain, metadata)).toEqual(encodeSafetensors(state, metadata));
  });

  it('has what is no weight as it is, and everything aligned', () => {
    const { entries } = parseSafetensorsHeader(encodeState(state, base, half), 'file');
    expect(entries.map(({ name, dtype, begin }) => [name, dtype, begin])).toEqual([
      ['bn.num_batches_tracked', 'I64', 0],
      ['bn.running_var', 'F32', 8],
      ['fc.weight', 'F16', 16],
      ['fc.bias', 'F16', 28],
    ]);
    expect(entries).toEqual(codedEntries(layout, half));
    expect(mostBytes(layout, half)).toBe(8 + 4 * 11);
  });

  it.each([plain, half, signs])('comes to the same numbers wherever it is decoded: $name', (codec) => {
    const file = encodeState(state, base, codec);
    const decoded = decodeState(file, layout, base, codec, 'file');
    expect(decoded).toEqual(asItArrives(state, base, codec));
    expect(encodeState(state, base, codec)).toEqual(file);
    // Statistics and counters are those of the state.
    for (const place of [6, 7, 8]) expect(decoded.data[place]).toBe(state.data[place]);
    const far = weights.map((i) => Math.abs(decoded.data[i]! - state.data[i]!));
    expect(Math.max(...far)).toBeLessThan({ plain: 1e-30, half: 1e-5, signs: 0.02 }[codec.name]!);
  });

  it('is decoded tensor by tensor, with a turn after each', async () => {
    const file = encodeState(state, base, half);
    let turns = 0;
    const takeTurn = async () => void turns++;
    const decoded = await decodeStateInTurns(file, layout, base, half, 'file', takeTurn);
    expect(decoded).toEqual(decodeState(file, layout, base, half, 'file'));
    expect(turns).toBe(layout.length);
  });

  it('is read no further than it is decoded', () => {
    const file = encodeState(state, base, half);
    const { entries, dataStart } = parseSafetensorsHeader(file, 'file');
    const read: string[] = [];
    const coded = {
      ...{ name: 'file', entries },
      read({ name, begin, end }: (typeof entries)[number]) {
        read.push(name);
        return file.slice(dataStart + begin, dataStart + end).buffer;
      },
    };
    const zeros = ({ size }: { readonly size: number }) => new Float32Array(size);
    const tensors = decodedTensors(coded, layout, zeros, half);
    expect(tensors.next().value?.[0].name).toBe('fc.weight');
    expect(read).toEqual(['fc.weight']);
    expect([...tensors]).toHaveLength(3);
    expect(read).toEqual(layout.map(({ name }) => name));
  });

  it('is refused where it is of another codec, or of other tensors', () => {
    const file = encodeState(state, base, half);
    expect(() => decodeState(file, layout, base, signs, 'a file')).toThrow(
      'a file: "fc.weight" is F16, expected I8',
    );
    const without = decodeState.bind(undefined, encodeState(state, base, signs), layout, base);
    expect(() => without(plain, 'a file')).toThrow('"fc.weight" is I8, expected F32');
    const lessOf = (name: string) =>
      stateLayout(layout.filter((e) => e.name !== name).map((e) => [e.name, e.shape]));
    expect(() => decodeState(file, lessOf('fc.bias'), undefined, half, 'a file')).toThrow(
      '"fc.bias" is not expected',
    );
    const broken = { ...signs, decode: () => new Float32Array(1) };
    expect(() => asItArrives(state, base, broken)).toThrow(
      /"fc.weight".* codec "signs": it has 1 numbers, expected 6/,
    );
    const short = { ...signs, encode: () => [new Int8Array(2)] };
    expect(() => encodeState(state, base, short)).toThrow(
      /codec "signs": its part "fc.weight" has 2 bytes, expected 6/,
    );
    const twins = {
      ...signs,
      parts: (shape: readonly number[]) => signs.parts(shape).map((part) => ({ ...part, suffix: '' })),
    };
    expect(() => encodeState(state, base, twins)).toThrow(
      /codec "signs": two tensors of its file are "fc.weight"/,
    );
  });
});

describe('the file of a model', () => {
  it.each([plain, half, signs])('is read by what it says of its codec: $name', (codec) => {
    const file = encodeCodedModel(state, codec, { note: 'x' });
    expect(decodeCodedModel(file, layout, codec, 'a model')).toEqual(asItArrives(state, undefined, codec));
    // One that is given is plain whatever the codec.
    expect(decodeCodedModel(encodeSafetensors(state), layout, codec, 'a model').data).toEqual(state.data);
  });

  it('of another codec is refused by name', () => {
    expect(() => decodeCodedModel(encodeCodedModel(state, signs, {}), layout, half, 'a model')).toThrow(
      'a model: its codec is "signs", expected "half"',
    );
  });
});

describe('half precision', () => {
  const arrives = (value: number, from = 0) =>
    half.decode(half.encode(Float32Array.of(value), Float32Array.of(from)), Float32Array.of(from))[0]!;

  it('rounds the change to nearest even, and keeps small steps of large weights', () => {
    expect(arrives(1 + 2 ** -11)).toBe(1);
    expect(arrives(1 + 3 * 2 ** -11)).toBe(1 + 2 ** -9);
    expect(arrives(-(1 + 3 * 2 ** -11))).toBe(-(1 + 2 ** -9));
    expect(arrives(1000 + 2 ** -13, 1000)).toBe(1000 + 2 ** -13);
    expect(arrives(1e-9)).toBe(0);
  });

  it('ends at the largest number that it has', () => {
    expect(arrives(1e9)).toBe(65504);
    expect(arrives(-1e9, 1)).toBe(1 - 65504);
  });

  it('is off by no more than a part in 2048 of the change, and a float32 of the sum', () => {
    const number = fc.float({ min: -1000, max: 1000, noNaN: true });
    fc.assert(
      fc.property(number, number, (from, to) => {
        const change = Math.abs(to - from);
        const off = Math.abs(arrives(to, from) - to);
        expect(off).toBeLessThanOrEqual(change / 2048 + 2 ** -25 + (Math.abs(to) + change) * 2 ** -23);
      }),
      { seed: 1 },
    );
  });

  it('leaves a model that has arrived as it is', () => {
    const once = asItArrives(state, undefined, half);
    expect(asItArrives(once, undefined, half)).toEqual(once);
  });
});
