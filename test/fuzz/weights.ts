/** Files of weights of other programs, with sound ones to start from. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inflateRawSync } from 'node:zlib';
import { readWeights } from '../../src/tensor/weights/node/read-weights.js';
import {
  LOCAL_HEADER_BYTES,
  localBytes,
  zipDirectory,
  zipEntries,
} from '../../src/tensor/weights/zip-entries.js';
import { type ZippedContent, zipOf } from '../zip-file.js';
import type { Decoder } from './fuzz.js';
import { below, type Dice, mutatedBytes, mutatedText, oneOf } from './mutate.js';

const fixtures = fileURLToPath(new URL('../fixtures/weights', import.meta.url));
// A slice of a Buffer would be no copy.
const fixture = (name: string) => new Uint8Array(readFileSync(join(fixtures, name)));

/** The entries of a sound archive. */
function entriesOf(archive: Uint8Array): ZippedContent[] {
  const { start, bytes } = zipDirectory(archive, 'a fixture');
  return zipEntries(archive.subarray(start, start + bytes), 'a fixture').map((entry) => {
    const { name, isDeflated, headerStart, compressedBytes } = entry;
    const header = archive.subarray(headerStart, headerStart + LOCAL_HEADER_BYTES);
    const at = headerStart + localBytes(header, 'a fixture');
    const packed = archive.subarray(at, at + compressedBytes);
    return { name, isDeflated, content: isDeflated ? new Uint8Array(inflateRawSync(packed)) : packed };
  });
}

const latin1 = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
/** Opcodes in the wrong place, long numbers, places of the memo, calls of what does harm. */
const PICKLED: readonly Uint8Array[] = [
  ...['.', '0', '1', '2', '(', ')', ']', '}', 't', 'a', 'e', 's', 'u', 'b', 'Q', 'R', 'N', '\x88', '\x93'],
  ...[
    'h\x00',
    'h\xff',
    'j\xff\xff\xff\xff',
    'q\x00',
    'r\xff\xff\xff\xff',
    '\x94',
    'K\x00',
    'J\xff\xff\xff\xff',
  ],
  ...[
    '\x8a\x00',
    `\x8a\xff${'\x7f'.repeat(255)}`,
    '\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f',
    'G\x7f\xf8      ',
  ],
  ...[
    'X\xff\xff\xff\x7f',
    `\x8d${'\xff'.repeat(8)}`,
    '\x8c\x02\xff\xff',
    '\x8c\x09__proto__',
    '\x85',
    '\x87',
  ],
  ...[
    'cos\nsystem\n',
    'cbuiltins\neval\n(\x8c\x011tR',
    'c__builtin__\n__import__\n',
    'ccollections\nOrderedDict\n)R',
  ],
  ...['ctorch._utils\n_rebuild_tensor_v2\n', 'ctorch._utils\n_rebuild_parameter\n', 'ctorch\nFloatStorage\n'],
].map(latin1);

function mutatedPickle(dice: Dice, pickle: Uint8Array): Uint8Array {
  if (dice() < 0.3) return mutatedBytes(dice, pickle);
  const at = below(dice, pickle.length);
  const until = at + below(dice, 4);
  return Buffer.concat([pickle.subarray(0, at), oneOf(dice, PICKLED), pickle.subarray(until)]);
}

function mutatedArray(dice: Dice, array: Uint8Array): Uint8Array {
  const text = Buffer.from(array).toString('latin1');
  const shape = `'shape': (${Array.from({ length: below(dice, 80) }, () => oneOf(dice, [0, 1, 3, '9'.repeat(400), 2 ** 53])).join()})`;
  const order = `'fortran_order': ${oneOf(dice, ['True', 'False', '1'])}`;
  const descr = `'descr': '${oneOf(dice, ['|O', '<f2', '>f4', '<f8', '<U9', '|b1', '>i8', '<q9'])}'`;
  switch (below(dice, 4)) {
    case 0:
      return latin1(text.replace(/'shape': \([^)]*\)/, shape));
    case 1:
      return latin1(text.replace(/'fortran_order': \w+/, order));
    case 2:
      return latin1(text.replace(/'descr': '[^']*'/, descr));
    default:
      return mutatedBytes(dice, array);
  }
}

const NAMES = [
  '',
  '../x.npy',
  '/x.npy',
  'C:x',
  'x\\y',
  '__proto__.npy',
  'net/data.pkl',
  'net/constants.pkl',
  'x/',
];
const PLACES = [0, 1, 30, 64, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff];

/** Another content of an entry, or what its directory should not say. */
function mutatedEntry(dice: Dice, entry: ZippedContent): ZippedContent {
  const { name, content } = entry;
  switch (below(dice, 8)) {
    case 0:
      return { ...entry, name: oneOf(dice, NAMES) };
    case 1:
      return { ...entry, lies: { bytes: oneOf(dice, PLACES) } };
    case 2:
      return { ...entry, lies: { headerStart: oneOf(dice, PLACES) } };
    case 3:
      return { ...entry, lies: { method: oneOf(dice, [0, 8, 9, 14]) } };
    case 4:
      return { ...entry, isDeflated: !entry.isDeflated };
    default:
      if (name.endsWith('.pkl')) return { ...entry, content: mutatedPickle(dice, content) };
      return { ...entry, content: (name.endsWith('.npy') ? mutatedArray : mutatedBytes)(dice, content) };
  }
}

function archives(names: readonly string[]): (dice: Dice) => { input: Uint8Array; sound?: boolean } {
  const sound = names.map(fixture);
  const contents = sound.map(entriesOf);
  return (dice) => {
    const which = below(dice, sound.length);
    const [whole, entries] = [sound[which] as Uint8Array, contents[which] as ZippedContent[]];
    const way = dice();
    if (way < 0.03) return { input: whole, sound: true };
    if (way < 0.3) return { input: mutatedBytes(dice, whole) };
    // Most of what is in a state dict is in its pickle, one entry of many.
    const pickle = entries.findIndex(({ name }) => name.endsWith('.pkl'));
    const at = pickle >= 0 && dice() < 0.7 ? pickle : below(dice, entries.length);
    const changed = entries.map((entry, k) => (k === at ? mutatedEntry(dice, entry) : entry));
    return { input: zipOf(way < 0.35 ? [...changed, oneOf(dice, entries)] : changed) };
  };
}

const index = readFileSync(join(fixtures, 'sharded/model.safetensors.index.json'), 'utf8');

/** The decoders, and a folder for their files; `close` removes it. */
export function openWeightsDecoders(): { readonly decoders: readonly Decoder[]; close(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'commonweight-weights-'));
  const shards = join(folder, 'sharded');
  mkdirSync(shards);
  for (const name of readdirSync(join(fixtures, 'sharded')))
    writeFileSync(join(shards, name), fixture(`sharded/${name}`));
  const read = (path: string) => async (bytes: Uint8Array | string) => {
    writeFileSync(path, bytes);
    const { state } = await readWeights(path);
    return state;
  };
  const file = join(folder, 'model');
  const torch = ['net.pt', 'protocol4.pt', 'checkpoint.pt'];
  return {
    decoders: [
      { name: 'state dicts of PyTorch', share: 600, next: archives(torch), read: read(file) },
      {
        name: 'arrays of NumPy',
        share: 250,
        next: archives(['net.npz', 'compressed.npz']),
        read: read(file),
      },
      {
        ...{
          name: 'indices of shards',
          share: 150,
          read: read(join(shards, 'model.safetensors.index.json')),
        },
        next: (dice) =>
          dice() < 0.05
            ? { input: index, sound: true }
            : {
                input: mutatedText(
                  dice,
                  index.replace('model-00001', oneOf(dice, ['model-00001', '../model-00001', 'model-00002'])),
                ),
              },
      },
    ],
    close: () => rmSync(folder, { recursive: true }),
  };
}
