import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Dtype } from './dtype.js';
import { decodeSafetensors, encodeSafetensors } from './safetensors.js';
import { formatSafetensorsHeader } from './safetensors-header.js';
import { layoutSize, type StateDict, stateLayout } from './state-dict.js';

const state: StateDict = {
  layout: stateLayout([
    ['fc.weight', [2, 2]],
    ['fc.bias', [2]],
  ]),
  data: Float32Array.of(1, -0, 1e-45, Infinity, 3.4e38, -2),
};

function oneTensor(dtype: Dtype, values: Uint8Array, count: number): Uint8Array {
  const header = formatSafetensorsHeader([
    { name: 'w', dtype, shape: [count], begin: 0, end: values.length },
  ]);
  const bytes = new Uint8Array(header.length + values.length);
  bytes.set(header);
  bytes.set(values, header.length);
  return bytes;
}

describe('a state dict as safetensors', () => {
  it('has these bytes', () => {
    const bytes = encodeSafetensors(state, { format: 'pt' });
    const header =
      '{"__metadata__":{"format":"pt"},"fc.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},' +
      '"fc.bias":{"dtype":"F32","shape":[2],"data_offsets":[16,24]}}';
    const length = Math.ceil(header.length / 8) * 8;
    expect(bytes[0]).toBe(length);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + length))).toBe(header.padEnd(length));
    expect(bytes.subarray(8 + length)).toEqual(new Uint8Array(state.data.buffer));
  });

  it('comes back bit for bit', () => {
    const shape = fc.array(fc.nat(4), { maxLength: 3 });
    const tensors = fc.uniqueArray(
      fc.tuple(
        fc.string().filter((name) => name !== '__metadata__'),
        shape,
      ),
      {
        selector: ([name]) => name,
        maxLength: 5,
      },
    );
    fc.assert(
      fc.property(
        tensors,
        fc.dictionary(fc.string(), fc.string()),
        fc.infiniteStream(fc.float()),
        (shapes, metadata, values) => {
          const layout = stateLayout(shapes.filter(([, extents]) => !extents.includes(0)));
          const data = Float32Array.from([...values.take(layoutSize(layout))]);
          const bytes = encodeSafetensors({ layout, data }, metadata);
          const decoded = decodeSafetensors(bytes, 'x');
          expect(decoded.state).toEqual({ layout, data });
          expect(encodeSafetensors(decoded.state, decoded.metadata)).toEqual(bytes);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is read from bytes that are not aligned', () => {
    const bytes = encodeSafetensors(state);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeSafetensors(shifted.subarray(3), 'x').state).toEqual(state);
    expect(decodeSafetensors(Buffer.from(shifted.buffer, 3), 'x').state).toEqual(state);
  });

  it('is read from F16, BF16 and F64 too', () => {
    const f16 = new Uint8Array(Uint16Array.of(0x3c00, 0xc000, 0x0001).buffer);
    const bf16 = new Uint8Array(Uint16Array.of(0x3f80, 0xc000, 0x0001).buffer);
    const f64 = new Uint8Array(Float64Array.of(1, -2, 0.1).buffer);
    expect([...decodeSafetensors(oneTensor('F16', f16, 3), 'x').state.data]).toEqual([1, -2, 2 ** -24]);
    expect([...decodeSafetensors(oneTensor('BF16', bf16, 3), 'x').state.data]).toEqual([1, -2, 2 ** -133]);
    expect([...decodeSafetensors(oneTensor('F64', f64, 3), 'x').state.data]).toEqual([
      1,
      -2,
      Math.fround(0.1),
    ]);
  });

  it('cannot hold a tensor of integers', () => {
    const bytes = oneTensor('I64', new Uint8Array(8), 1);
    expect(() => decodeSafetensors(bytes, 'm.safetensors')).toThrow(
      'm.safetensors: "w" is I64, expected F32, F16, BF16 or F64 in a state dict',
    );
  });
});
