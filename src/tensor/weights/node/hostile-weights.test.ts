/** Files of weights by which somebody means harm: refused or read within time and memory. */
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { processorMs, slowProcessor } from '../../../../test/slowness.js';
import { type ZippedContent, zipOf } from '../../../../test/zip-file.js';
import { TensorError } from '../../../base/error.js';
import { readWeights } from './read-weights.js';

const folder = mkdtempSync(join(tmpdir(), 'hostile-weights-'));
afterAll(() => rmSync(folder, { recursive: true }));

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const text = (value: string) => `\x8c${String.fromCharCode(value.length)}${value}`;
const global = (module: string, name: string) => `c${module}\n${name}\n`;
const whole = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return `J${bytes.toString('latin1')}`;
};
const numbers = (values: readonly number[]) => `(${values.map(whole).join('')}t`;
/** A tensor of four floats, and what a pickle does to describe it. */
const tensor = (shape: readonly number[], strides: readonly number[], stored = 4) =>
  `${global('torch._utils', '_rebuild_tensor_v2')}((${text('storage')}${global('torch', 'FloatStorage')}` +
  `${text('0')}${text('cpu')}${whole(stored)}tQ${whole(0)}${numbers(shape)}${numbers(strides)}\x89N}tR`;
const dict = (items: string) => `\x80\x02}(${items}u.`;

const archive = (pickle: string, more: readonly ZippedContent[] = []) =>
  zipOf([
    { name: 'm/data.pkl', content: latin1(pickle) },
    { name: 'm/data/0', content: new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer) },
    ...more,
  ]);

let next = 0;
const place = (content: string | Uint8Array) => {
  const path = join(folder, `${next++}`);
  writeFileSync(path, content);
  return path;
};

/** What is said of it, or its values, and the time and memory that it took. */
async function read(content: string | Uint8Array) {
  const [began, before] = [processorMs(), process.memoryUsage().rss];
  const outcome = await readWeights(place(content)).then(
    ({ state }) => [...state.data],
    (error: unknown) => {
      expect(error).toBeInstanceOf(TensorError);
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message;
    },
  );
  expect(processorMs() - began).toBeLessThan(10_000 * slowProcessor());
  expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 30);
  return outcome;
}

describe('a pickle', () => {
  it('is read: what these cases change is sound', async () => {
    expect(await read(archive(dict(text('w') + tensor([2, 2], [2, 1]))))).toEqual([1, 2, 3, 4]);
  });

  it('runs nothing', async () => {
    const target = join(folder, 'made');
    for (const [module, name] of [
      ['os', 'system'],
      ['builtins', 'exec'],
      ['torch.storage', '_load_from_bytes'],
    ] as const) {
      const call = `${global(module, name)}(${text(`touch ${target}`)}tR`;
      expect(await read(archive(dict(text('w') + call)))).toContain(`a model or code: ${module}.${name}`);
    }
    expect(await read(archive(`\x80\x04${text('os')}${text('system')}\x93.`))).toContain('os.system');
    expect(existsSync(target)).toBe(false);
  });

  it.each([
    ['calls what it made', dict(`${text('w')}})R`), 'calls something that is not a name'],
    ['makes an instance by an old opcode', `\x80\x02(ios\nsystem\n.`, 'opcode 0x69'],
    ['names an extension of the registry', '\x80\x02\x82\x01.', 'opcode 0x82'],
    ['takes buffers from outside', '\x80\x05\x97.', 'opcode 0x97'],
    ['says a text of 4 GB', `\x80\x02X\xff\xff\xff\xff.`, 'ends within a value'],
    ['says a text of 2^64 bytes', `\x80\x04\x8d${'\xff'.repeat(8)}.`, 'ends within a value'],
    ['refers to what it lacks', '\x80\x02j\xff\xff\xff\xff.', 'refers to a value'],
    ['goes on after its end', '\x80\x02}.}.', 'ends at byte 4'],
    ['has a shape of huge numbers', dict(text('w') + tensor([2 ** 30, 2 ** 30], [0, 0])), 'ends at byte'],
    [
      'has a tensor beyond its storage',
      dict(text('w') + tensor([2, 3], [3, 1])),
      'its storage, which has 16',
    ],
    ['lies about its storage', dict(text('w') + tensor([8], [1], 8)), 'has 16 bytes, expected 32'],
  ])('that %s is refused', async (_, pickle, message) => {
    expect(await read(archive(pickle))).toContain(message);
  });

  it('may have whole numbers of 255 bytes, which are no shapes', async () => {
    const long = `\x8a\xff${'\x7f'.repeat(255)}`;
    expect(await read(archive(`\x80\x02${long}.`))).toContain('expected a state dict');
    const odd = tensor([2, 2], [2, 1]).replace(whole(0), () => long);
    expect(await read(archive(dict(text('w') + odd)))).toContain('no shape that can be read');
  });

  it('may hold itself', async () => {
    const itself = `\x80\x02}q\x00(${text('w')}${tensor([4], [1])}${text('me')}h\x00u.`;
    expect(await read(archive(itself))).toEqual([1, 2, 3, 4]);
  });

  it('may be nested a million deep', async () => {
    expect(await read(archive(`\x80\x02N${'\x85'.repeat(1_000_000)}.`))).toContain('it holds a tuple');
  });

  it('may name one thing a million times', async () => {
    const many = 200_000;
    const key = (k: number) => text(k.toString(36));
    const keys = (item: string) => Array.from({ length: many }, (_, k) => key(k) + item).join('');
    // A large dict without tensors, in the memo, as each item of another.
    const large = `${text('large')}}(${keys('N')}uq\x00`;
    expect(await read(archive(dict(large + keys('h\x00'))))).toContain('it holds no tensors');
    // One tensor of 64 axes by many names.
    const ones = Array.from({ length: 64 }, () => 1);
    const one = `${text('ONE')}${tensor(ones, ones)}q\x00`;
    expect(await read(archive(dict(one + keys('h\x00'))))).toHaveLength(many + 1);
  });

  it('ends after so many steps', async () => {
    expect(await read(archive(`\x80\x02${'N'.repeat(4_000_001)}.`))).toContain('more than 4000000 steps');
  });

  it('repeats values within limits', async () => {
    expect(await read(archive(dict(text('w') + tensor([2 ** 25], [0]))))).toContain('since they repeat');
    const scattered = await read(archive(dict(text('w') + tensor([2 ** 21], [0]))));
    expect(new Set(scattered as number[])).toEqual(new Set([1]));
  });
});

describe('a zip archive', () => {
  const npy = (shape: string, content: Uint8Array, order = 'False') => {
    const header = `{'descr': '<f4', 'fortran_order': ${order}, 'shape': (${shape}), }\n`;
    const length = Buffer.alloc(2);
    length.writeUInt16LE(header.length);
    return Buffer.concat([latin1('\x93NUMPY\x01\x00'), length, latin1(header), content]);
  };
  const four = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  const sound = { name: 'w.npy', content: npy('4,', four) };

  it('that unpacks to much more is refused before it is unpacked', async () => {
    const zeros = new Uint8Array(257 * 2 ** 20);
    const bomb = { name: 'w.npy', isDeflated: true, content: npy('67371008,', zeros) };
    expect(await read(zipOf([bomb]))).toContain('expected at most 268435456');
    // The directory says less than there is.
    const lies = { bytes: 300_000 };
    expect(await read(zipOf([{ ...bomb, lies }]))).toContain('is damaged');
    const pickle = { name: 'm/data.pkl', isDeflated: true, content: zeros };
    expect(await read(zipOf([pickle]))).toContain('expected at most 67108864');
  });

  it('with entries that overlap is refused', async () => {
    const second = { ...sound, name: 'v.npy', lies: { headerStart: 0 } };
    expect(await read(zipOf([sound, second]))).toMatch(/overlap|beyond its place/);
    const many = Array.from({ length: 1000 }, (_, k) => ({ ...second, name: `${k}.npy` }));
    expect(await read(zipOf(many))).toContain('overlap');
  });

  it.each(['../w.npy', '/w.npy', 'C:w.npy', 'a\\w.npy', 'a/../../w.npy', ''])(
    'with an entry "%s" is refused',
    async (name) => {
      expect(await read(zipOf([{ ...sound, name }]))).toContain('expected a name within the archive');
    },
  );

  it('with two entries of one name, or one that is encrypted in a way that is not known, is refused', async () => {
    expect(await read(zipOf([sound, sound]))).toContain('has two entries "w.npy"');
    expect(await read(zipOf([{ ...sound, lies: { method: 99 } }]))).toContain('compressed by method 99');
  });

  it('with an array of too many axes, or of other values than it says, is refused', async () => {
    const axes = (count: number) => `${'1,'.repeat(count)}2,2`;
    expect(await read(zipOf([{ ...sound, content: npy(axes(62), four, 'True') }]))).toEqual([1, 3, 2, 4]);
    expect(await read(zipOf([{ ...sound, content: npy(axes(5000), four, 'True') }]))).toContain('64 axes');
    expect(await read(zipOf([{ ...sound, content: npy(`0,${'9'.repeat(400)}`, four) }]))).toContain('2^53');
    expect(await read(zipOf([{ ...sound, content: npy('5,', four) }]))).toContain('expected 20');
  });

  it('whose content is not what was written is damaged', async () => {
    const file = archive(dict(text('w') + tensor([2, 2], [2, 1])));
    const at = Buffer.from(file).indexOf('w', file.indexOf(0x7d));
    file[at] = 'v'.charCodeAt(0);
    expect(await read(file)).toContain('"m/data.pkl" in');
  });
});

describe('an index', () => {
  const index = (map: unknown) => read(JSON.stringify({ weight_map: map }));

  it.each(['../0', '/etc/hostname', '..', 'a/b', 'C:x', 'a\\b', 'x\0'])(
    'that names "%s" is refused',
    async (file) => {
      expect(await index({ w: file })).toContain('expected one beside it');
    },
  );

  it('that names itself by another name is refused', async () => {
    const path = place('{}');
    symlinkSync(path, join(folder, 'again'));
    writeFileSync(path, JSON.stringify({ weight_map: { w: 'again' } }));
    await expect(readWeights(path)).rejects.toThrow('this is an index');
  });
});
