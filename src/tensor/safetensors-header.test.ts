import { describe, expect, it } from 'vitest';
import { TensorError } from '../base/error.js';
import { formatSafetensorsHeader, parseSafetensorsHeader } from './safetensors-header.js';

/** A file with this text as header and this many bytes of data. */
function file(header: unknown, dataBytes = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, begin: number, end: number) => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('the header of a safetensors file', () => {
  it('gives the tensors in the order of their bytes', () => {
    const bytes = file(
      { b: tensor('F16', [2, 2], 4, 12), a: tensor('F32', [], 0, 4), __metadata__: { k: 'v' } },
      12,
    );
    const header = parseSafetensorsHeader(bytes, 'm.safetensors');
    expect(header.entries).toEqual([
      { name: 'a', dtype: 'F32', shape: [], begin: 0, end: 4 },
      { name: 'b', dtype: 'F16', shape: [2, 2], begin: 4, end: 12 },
    ]);
    expect(header.metadata).toEqual({ k: 'v' });
    expect(header.dataStart).toBe(bytes.length - 12);
  });

  it('is read without the data, given the size of the file', () => {
    const bytes = file({ a: tensor('F32', [3], 0, 12) });
    expect(parseSafetensorsHeader(bytes, 'm', bytes.length + 12).entries).toHaveLength(1);
  });

  it('is written so that reading gives the same, with a length that is a multiple of 8', () => {
    const entries = [
      { name: '10', dtype: 'F32', shape: [1], begin: 0, end: 4 },
      { name: '9 "é"', dtype: 'I64', shape: [0, 3], begin: 4, end: 4 },
      { name: '__proto__', dtype: 'BOOL', shape: [3], begin: 4, end: 7 },
    ] as const;
    const bytes = formatSafetensorsHeader(entries, { z: '1', a: '2' });
    expect(bytes.length % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8))).toMatch(
      /^\{"__metadata__":\{"a":"2","z":"1"\},"10":.*\} *$/,
    );
    const header = parseSafetensorsHeader(bytes, 'm', bytes.length + 7);
    expect(header).toEqual({ entries, metadata: { a: '2', z: '1' }, dataStart: bytes.length });
  });

  const fine = tensor('F32', [1], 0, 4);
  it.each([
    ['no bytes', new Uint8Array(0), 'the file has 0 bytes, expected at least 8'],
    [
      'a length beyond the limit',
      new Uint8Array(8).fill(0xff),
      "the header's length is 18446744073709552000 bytes",
    ],
    [
      'a header that ends early',
      file({ a: fine }, 4).subarray(0, 20),
      'cut short: expected at least 62 bytes, got 20',
    ],
    ['data that ends early', file({ a: fine }, 3), 'cut short: expected 66 bytes, got 65'],
    ['data that goes on', file({ a: fine }, 5), 'the tensors end at byte 66, but the file has 67 bytes'],
    ['no JSON', file('{"a":'), 'the header is not JSON in UTF-8'],
    ['bytes that are not UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0x22, 0xff), 'not JSON in UTF-8'],
    ['no object', file([1]), 'the header is [1], expected an object'],
    [
      'an unknown dtype',
      file({ a: tensor('F7', [1], 0, 4) }, 4),
      '"a".dtype is "F7": Invalid option: expected one of',
    ],
    ['a negative extent', file({ a: tensor('F32', [-1], 0, 4) }, 4), '"a".shape.0 is -1: '],
    ['a shape that is no list', file({ a: tensor('F32', 'x', 0, 4) }, 4), '"a".shape is "x": '],
    ['a missing field', file({ a: { dtype: 'F32', shape: [1] } }, 4), '"a".data_offsets is missing: '],
    ['metadata that is no text', file({ __metadata__: { k: 1 } }), '"__metadata__".k is 1: '],
    [
      'a size that does not fit the shape',
      file({ a: tensor('F32', [2], 0, 4) }, 4),
      'bytes 0 to 4, expected 8 bytes for F32 [2]',
    ],
    [
      'a hole',
      file({ a: fine, b: tensor('F32', [1], 8, 12) }, 12),
      '"b" begins at byte 8 of the data, expected 4',
    ],
    [
      'an overlap',
      file({ a: fine, b: tensor('F32', [1], 2, 6) }, 6),
      '"b" begins at byte 2 of the data, expected 4',
    ],
    ['a name twice', file('{"a":{"shape":["\\"a\\":"]},"\\u0061":{}}'), 'the header names "a" twice'],
  ])('is refused with %s', (_, bytes, message) => {
    const parse = () => parseSafetensorsHeader(bytes, 'weights/m.safetensors');
    expect(parse).toThrow(TensorError);
    expect(parse).toThrow(/^weights\/m\.safetensors: /);
    expect(parse).toThrow(message);
  });

  it('is refused, or read, however long its texts and however deep its lists', () => {
    const long = 'x'.repeat(12_000_000);
    expect(parseSafetensorsHeader(file(`{"__metadata__":{"a\\"b":"${long}"}}`), 'f').metadata).toEqual({
      'a"b': long,
    });
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const text of [deep, `{"a":${deep}}`, `{"__metadata__":${deep}}`]) {
      const parse = () => parseSafetensorsHeader(file(text), 'f');
      expect(parse).toThrow(TensorError);
      // Node 26 can write such a list, so its beginning is shown; earlier versions run out of
      // stack.
      expect(parse).toThrow(/^f: .{0,100}(thousands deep|\[{50,60}…).{0,100}$/);
    }
  });

  it('cannot name a tensor like its metadata', () => {
    const entry = { name: '__metadata__', dtype: 'F32', shape: [], begin: 0, end: 4 } as const;
    expect(() => formatSafetensorsHeader([entry])).toThrow('no tensor can be named "__metadata__"');
  });
});
