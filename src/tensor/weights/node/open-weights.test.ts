/** Against the values that PyTorch and NumPy wrote (test/fixtures/weights/make.py). */
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { TensorError } from '../../../base/error.js';
import { dtypeBytes } from '../../dtype.js';
import { bf16ToF32, f16ToF32 } from '../../half.js';
import { encodeSafetensors } from '../../safetensors.js';
import { sizeOf } from '../../shape.js';
import { stateLayout } from '../../state-dict.js';
import { openWeights } from './open-weights.js';
import { readWeights } from './read-weights.js';
import { readChunk, type TensorSource } from './tensor-source.js';

const fixtures = fileURLToPath(new URL('../../../../test/fixtures/weights', import.meta.url));
const at = (name: string) => join(fixtures, name);
const folder = mkdtempSync(join(tmpdir(), 'open-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));
const expected: Record<string, { dtype: string; shape: number[]; values: number[] }> = JSON.parse(
  readFileSync(at('expected.json'), 'utf8'),
);

async function opened<Result>(path: string, use: (source: TensorSource) => Result): Promise<Result> {
  const files = openWeights();
  try {
    return use(await files.open(path));
  } finally {
    await files.close();
  }
}

/** The values of a tensor, read in pieces of so many. */
function valuesOf(source: TensorSource, name: string, pieces = 7): number[] {
  const { dtype, shape } = source.tensors.get(name)!;
  const width = dtypeBytes[dtype];
  const size = sizeOf(shape);
  const bytes = new Uint8Array(size * width);
  for (let from = 0; from < size; from += pieces) {
    const count = Math.min(pieces, size - from);
    const piece = { name, dtype, at: from * width, bytes: count * width };
    bytes.set(readChunk(source, piece, new Uint8Array(piece.bytes)), from * width);
  }
  const { buffer } = bytes;
  const widened = (widen: typeof f16ToF32) => {
    const values = new Float32Array(size);
    widen(new Uint16Array(buffer), values);
    return values;
  };
  const values = {
    F64: () => new Float64Array(buffer),
    F32: () => new Float32Array(buffer),
    F16: () => widened(f16ToF32),
    BF16: () => widened(bf16ToF32),
    I64: () => new BigInt64Array(buffer),
    BOOL: () => bytes,
  }[dtype as 'F32']!();
  return Array.from(values as Iterable<number | bigint>, Number);
}

const torchNames = {
  F64: 'float64',
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I64: 'int64',
  BOOL: 'bool',
};

describe('a model', () => {
  it.each(['net.pt', 'protocol4.pt', 'checkpoint.pt'])('of PyTorch has its values: %s', async (file) => {
    await opened(at(file), (source) => {
      expect([...source.tensors.keys()]).toEqual(Object.keys(expected));
      for (const [name, { dtype, shape, values }] of Object.entries(expected)) {
        const tensor = source.tensors.get(name)!;
        expect([torchNames[tensor.dtype as 'F32'], tensor.shape], name).toEqual([dtype, shape]);
        for (const pieces of [1, 5, 7, 1000]) expect(valuesOf(source, name, pieces), name).toEqual(values);
      }
      const notes = file === 'checkpoint.pt' ? [expect.stringContaining('those of "state_dict"')] : [];
      expect(source.notes).toEqual(notes);
    });
  });

  it('of PyTorch may have storages that are shared', async () => {
    const places = await opened(at('net.pt'), ({ tensors }) =>
      ['embedding.weight', 'head.weight'].map((name) => tensors.get(name)!.position),
    );
    expect(places[0]).toBe(places[1]);
  });

  it('of PyTorch may have 8-bit floats, and other numbers that it names by itself', async () => {
    const dtypes = await opened(at('f8.pt'), ({ tensors }) =>
      [...tensors.values()].map(({ dtype }) => dtype),
    );
    expect(dtypes).toEqual(['F8_E4M3', 'U16']);
  });

  it.each(['net.npz', 'compressed.npz'])('of NumPy has its values: %s', async (file) => {
    await opened(at(file), (source) => {
      const names = [...source.tensors.keys()];
      expect(names.length).toBeGreaterThan(7);
      for (const name of names) {
        const { shape, values } = expected[name === 'big' ? 'f32' : name]!;
        expect(source.tensors.get(name)?.shape, name).toEqual(shape);
        expect(valuesOf(source, name, 4), name).toEqual(values);
      }
    });
  });

  it.each(['sharded', 'sharded/model.safetensors.index.json'])(
    'may be in several files: %s',
    async (file) => {
      await opened(at(file), (source) => {
        expect(source.files.length).toBe(2);
        expect(source.metadata).toEqual({ format: 'pt' });
        for (const name of ['f32', 'f64', 'embedding.weight']) {
          expect(valuesOf(source, name), name).toEqual(expected[name]?.values);
        }
      });
    },
  );

  it('may be in numbered files without an index, or the only file of a folder', async () => {
    const numbered = join(folder, 'numbered');
    cpSync(at('sharded'), numbered, { recursive: true });
    rmSync(join(numbered, 'model.safetensors.index.json'));
    const names = await opened(numbered, ({ tensors }) => [...tensors.keys()].sort());
    expect(names).toEqual(['embedding.weight', 'f32', 'f64']);
    const only = join(folder, 'only');
    mkdirSync(only);
    copyFileSync(at('net.pt'), join(only, 'anything.pth'));
    expect(await opened(only, ({ format }) => format)).toBe('pytorch');
  });

  it('is read as a whole, without what has no place in a state', async () => {
    const { state, notes } = await readWeights(at('net.pt'));
    for (const { name, offset, size } of state.layout) {
      const values = Float32Array.from(expected[name]!.values);
      expect(state.data.subarray(offset, offset + size), name).toEqual(values);
    }
    expect(notes).toEqual([expect.stringContaining('i64, bool: whole numbers, left out')]);
  });
});

describe('is refused by its name:', () => {
  const place = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const refused = async (path: string) => {
    const error = await opened(path, () => undefined).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(TensorError);
    const { message, hint } = error as TensorError;
    expect(hint).toBeTruthy();
    return message.replace(path, 'IT');
  };
  const [layout] = [stateLayout([['w', [2]]])];
  const good = encodeSafetensors({ layout, data: Float32Array.of(1, 2) });

  it('a model, and code', async () => {
    expect(await refused(at('model.pt'))).toMatch(
      /^IT: it holds a model or code: torch\.nn\.modules\.container\.Sequential, expected/,
    );
    expect(await refused(at('script.pt'))).toContain('this is a TorchScript program');
    expect(await refused(at('legacy.pt'))).toContain('a PyTorch file of the format before version 1.6');
  });

  it.each([
    ['x.gguf', Buffer.concat([Buffer.from('GGUF\x03'), Buffer.alloc(103)]), 'this is a GGUF file'],
    ['lfs', 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n', 'a pointer of Git LFS'],
    ['page', '<!DOCTYPE html><html></html>', 'a web page'],
    ['config.json', '{"architectures": ["Bert"]}', 'a JSON text'],
    ['windows.txt', Buffer.from('\ufeffrounds: 3', 'utf16le'), 'a text in UTF-16'],
    ['nothing', '', 'the file is empty'],
    ['noise', Uint8Array.from({ length: 64 }, (_, k) => 251 - k), 'the format of the file is not known'],
  ])('%s', async (name, content, message) => {
    expect(await refused(place(name, content))).toContain(message);
  });

  it('a folder without weights, or with several', async () => {
    const none = join(folder, 'none');
    mkdirSync(none);
    writeFileSync(join(none, 'readme.md'), 'x');
    expect(await refused(none)).toContain('a folder without weights');
    for (const name of ['a', 'b']) writeFileSync(join(none, `${name}.safetensors`), good);
    expect(await refused(none)).toContain('several files of weights: a.safetensors, b.safetensors');
  });

  it('an index that names other files or other tensors', async () => {
    const index = (map: Record<string, string>) => {
      place('model.safetensors', good);
      return refused(place('index.json', JSON.stringify({ weight_map: map })));
    };
    expect(await index({ w: '../model.safetensors' })).toContain('expected one beside it');
    expect(await index({ w: '/etc/passwd' })).toContain('expected one beside it');
    expect(await index({ w: 'model.safetensors', v: 'model.safetensors' })).toContain('"v" is in');
    expect(await index({})).toContain('names no tensors');
    expect(await index({ w: 'index.json' })).toContain('this is an index');
  });
});
