import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { TensorError } from '../base/error.js';
import { parseSafetensorsHeader } from './safetensors-header.js';

const text = (value: string) => Buffer.from(value, 'latin1');
/** A local header of a zip archive with an entry of this name. */
const zip = (name: string) =>
  Buffer.concat([text('PK\x03\x04'), Buffer.alloc(22), Buffer.from([name.length, 0, 0, 0]), text(name)]);
const stillGzip = gzipSync('{}');
stillGzip.fill(0, 4, 8); // without a time, as gzip -n writes it

const cases: readonly (readonly [what: string, bytes: Uint8Array, hint: RegExp])[] = [
  ['a GGUF file', Buffer.concat([text('GGUF\x03'), Buffer.alloc(103)]), /made from/],
  ['a PyTorch file', zip('archive/data.pkl'), /commonweight merge/],
  [
    'a PyTorch file of the format before version 1.6',
    text('\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x6a\xa8\x50\x19'),
    /weights_only=True/,
  ],
  ['a NumPy archive (.npz)', zip('w.npy'), /commonweight merge/],
  ['a zip archive', zip('readme.txt'), /unpack/],
  ['a Python pickle', text('\x80\x04\x95abcdefgh'), /trust/],
  ['a NumPy array (.npy)', text("\x93NUMPY\x01\x00v\x00{'descr'"), /numpy\.load/],
  ['an HDF5 file, as Keras writes them', text('\x89HDF\r\n\x1a\n\x00'), /h5py/],
  ['compressed by gzip', gzipSync('{}'), /gunzip/],
  ['compressed by gzip', stillGzip, /gunzip/],
  ['compressed by zstd', text('\x28\xb5\x2f\xfd\x24\x00\x01\x00\x00'), /unzstd/],
  ['compressed by xz', text('\xfd7zXZ\x00\x00\x04'), /unxz/],
  [
    'a pointer of Git LFS, not the file itself',
    text('version https://git-lfs.github.com/spec/v1\n'),
    /lfs pull/,
  ],
  ['a web page', text('<!DOCTYPE html><html>'), /download/],
  ['a JSON text', text('{"weight_map": {}}'), /index/],
  ['a JSON text', text('{"a":1}'), /index/],
  ['a text in UTF-16', text('\xff\xfem\x00o\x00d\x00e\x00l\x00:\x00'), /safetensors/],
  ['a text in UTF-16', text('\xfe\xff\x00m\x00o\x00d\x00e\x00l'), /safetensors/],
  ['a tar archive', Buffer.concat([text('weights/'.padEnd(257, '\0')), text('ustar\x0000')]), /tar -xf/],
  ['a TensorFlow Lite model', text('\x1c\x00\x00\x00TFL3\x14\x00\x20\x00'), /safetensors/],
  ['a text', text('Entry not found'), /download/],
  ['an ONNX model', text('\x08\x08\x12\x0ccommonweight:\xed'), /model\.safetensors/],
  ['an ONNX model', text('\x08\x07\x12\x07pytorch\x1a\x05'), /model\.safetensors/],
];

describe('a file that is given in place of a safetensors file', () => {
  it.each(cases)('is called by its name: %s', (what, bytes, hint) => {
    try {
      parseSafetensorsHeader(bytes, 'model.bin');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(TensorError);
      expect(error).toMatchObject({
        message: `model.bin: this is ${what}, expected a safetensors file`,
        hint: expect.stringMatching(hint),
      });
    }
  });

  it.each(['{', '<', '\x08', 'P', '\x1f', '\x80'])('a safetensors file may begin with %j', (first) => {
    const header = text('{}'.padEnd(first.charCodeAt(0)));
    const bytes = Buffer.concat([text(first), Buffer.alloc(7), header]);
    expect(parseSafetensorsHeader(bytes, 'model.safetensors').entries).toEqual([]);
  });
});
