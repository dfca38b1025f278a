import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { randomStream } from '../../base/random.js';
import { type Dtype, dtypeBytes } from '../../tensor/dtype.js';
import { f32ToBf16, f32ToF16 } from '../../tensor/half.js';
import { formatSafetensorsHeader } from '../../tensor/safetensors-header.js';
import { MOST_OPEN } from '../../tensor/weights/node/open-weights.js';
import { openTensorFile } from '../../tensor/weights/node/safetensors-file.js';
import { readChunk } from '../../tensor/weights/node/tensor-source.js';
import { strategyByName } from '../strategies/strategies.js';
import { areMany, CHUNK_UNIT, chunkBytesOf, MOST_BYTES } from './merge-budget.js';
import { mergeFiles } from './merge-files.js';

const folder = mkdtempSync(join(tmpdir(), 'many-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The first has two chunks; the last three are merged by rules of their own. */
const tensors: readonly (readonly [name: string, dtype: Dtype, size: number])[] = [
  ['big', 'F32', CHUNK_UNIT / 4 + 37],
  ['double', 'F64', 5],
  ['half', 'F16', 7],
  ['brain', 'BF16', 6],
  ['bn.running_mean', 'F32', 3],
  ['bn.num_batches_tracked', 'I64', 1],
  ['mask', 'U8', 2],
];

function write(name: string, change: (value: number) => number = (value) => value): string {
  const stream = randomStream(3, name);
  let end = 0;
  const entries = tensors.map(([tensor, dtype, size]) => {
    const begin = end;
    end += dtypeBytes[dtype] * size;
    return { name: tensor, dtype, shape: [size], begin, end };
  });
  const parts = tensors.map(([, dtype, size]) => {
    const values = Float32Array.from({ length: size }, () => change(stream.normal()));
    const sixteen = new Uint16Array(size);
    switch (dtype) {
      case 'F64':
        return Float64Array.from(values);
      case 'F16':
        f32ToF16(values, sixteen);
        return sixteen;
      case 'BF16':
        f32ToBf16(values, sixteen);
        return sixteen;
      case 'I64':
        return BigInt64Array.from(values, (value) => BigInt(Math.round(Math.abs(value) * 100) || 0));
      case 'U8':
        return Uint8Array.of(1, 0);
      default:
        return values;
    }
  });
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(
    path,
    Buffer.concat([formatSafetensorsHeader(entries), ...parts.map((part) => Buffer.from(part.buffer))]),
  );
  return path;
}

const COUNT = MOST_OPEN + 14;
const names = Array.from({ length: COUNT }, (_, k) => `site-${k}`);
const inputs = names.map((name) => write(name));
const fisher = names.map((name) => write(`fisher-${name}`, Math.abs));
const base = write('base');
const examples = names.map((_, k) => ((k * 5) % 7) + 1);
const output = join(folder, 'out.safetensors');

const openFiles = () => readdirSync('/proc/self/fd').length;

describe('merging more files than stay open', () => {
  it.each(
    some(['fisher-mean', 'median', 'task-arithmetic(lambda=0.5)', 'mean', 'mean-equal', 'dare', 'ties'], 3),
  )('gives the bytes of merging all files chunk by chunk, with "%s"', async (name) => {
    const strategy = strategyByName(name);
    for (const on of ['weights', 'updates'] as const) {
      if ((strategy.on ?? on) !== on) continue;
      const options = {
        ...{ inputs, examples, strategy, output, on },
        ...(on === 'updates' && { base }),
        ...(strategy.auxiliaries && { auxiliaries: { fisher } }),
      };
      await mergeFiles({ ...options, chunkBytes: CHUNK_UNIT });
      const expected = readFileSync(output);
      await mergeFiles(options);
      expect(Buffer.compare(readFileSync(output), expected)).toBe(0);
    }
  });

  it('leaves a file as it is that is given hundreds of times', async () => {
    const of = (paths: readonly string[]) =>
      mergeFiles({ inputs: paths, strategy: strategyByName('mean'), output }).then(() =>
        readFileSync(output),
      );
    const [one = ''] = inputs;
    const many = await of(names.map(() => one));
    expect(Buffer.compare(many, await of([one]))).toBe(0);
  });

  it.runIf(process.platform === 'linux').each(['mean', 'median'])(
    'keeps a fixed number of them open, with "%s"',
    async (name) => {
      const before = openFiles();
      let most = 0;
      const onProgress = () => {
        most = Math.max(most, openFiles() - before);
      };
      await mergeFiles({ inputs, strategy: strategyByName(name), output, onProgress });
      expect(most).toBeGreaterThan(MOST_OPEN - 1);
      expect(most).toBeLessThan(MOST_OPEN + 8);
    },
  );

  it('names the file and the place of a value that is not finite', async () => {
    const broken = write('broken', () => Number.NaN);
    const merging = mergeFiles({ inputs: [...inputs, broken], strategy: strategyByName('mean'), output });
    await expect(merging).rejects.toThrow(`"big" is NaN at index 0 in "${broken}"`);
  });

  it('notices that a file was replaced in between', async () => {
    const path = write('replaced');
    const { handle, ...file } = await openTensorFile(path);
    await handle.close();
    const read = () =>
      readChunk(
        { ...file, files: file.files.map((one) => ({ ...one, fd: undefined })) },
        { name: 'big', dtype: 'F32', at: 0, bytes: 4 },
        new Uint8Array(4),
      );
    expect(read()).toHaveLength(4);
    rmSync(path);
    expect(read).toThrow(`cannot read "${path}": there is no such file`);
    writeFileSync(path, 'another');
    expect(read).toThrow(`"${path}" was replaced while it was read`);
  });
});

describe('the memory of a merge', () => {
  it('is bounded, whatever the number of files', () => {
    for (const files of [1, 2, 10, 100, 255, 256, 300, 1000, 10_000, 100_000]) {
      const bytes = chunkBytesOf(files);
      expect(bytes % (areMany(files) ? 8 : CHUNK_UNIT)).toBe(0);
      expect(bytes * (files + 1)).toBeLessThanOrEqual(MOST_BYTES);
    }
  });
});
