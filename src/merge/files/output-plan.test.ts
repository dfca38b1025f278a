import { describe, expect, it } from 'vitest';
import { type Dtype, dtypeBytes } from '../../tensor/dtype.js';
import type { SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import type { StoredTensor } from '../../tensor/weights/stored-tensor.js';
import { chunksOf, commonMetadata, outputEntries } from './output-plan.js';

const input = (sizes: Record<string, [Dtype, number]>, metadata: SafetensorsMetadata = {}) => {
  const tensors = Object.entries(sizes).map(([name, [dtype, bytes]]): [string, StoredTensor] => [
    name,
    { name, dtype, shape: [bytes / dtypeBytes[dtype]], file: 0, position: 100 },
  ]);
  return { tensors: new Map(tensors), metadata, format: 'safetensors' as const };
};
const a = input({ b: ['F16', 4], a: ['F16', 2], c: ['F32', 8] }, { format: 'pt', run: '1' });
const other = input({ c: ['F32', 8], a: ['F16', 2], b: ['F16', 4] }, { run: '2', format: 'pt' });

describe('the plan of the output', () => {
  it('keeps an order of tensors that all inputs share, without gaps', () => {
    expect(outputEntries([a, a]).map(({ name, begin, end }) => [name, begin, end])).toEqual([
      ['b', 0, 4],
      ['a', 4, 6],
      ['c', 6, 14],
    ]);
  });

  it('sorts by width and name where the orders differ, whichever input comes first', () => {
    expect(outputEntries([a, other]).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
    expect(outputEntries([other, a])).toEqual(outputEntries([a, other]));
  });

  it('keeps the metadata that all inputs have alike', () => {
    expect(commonMetadata([a, other])).toEqual({ format: 'pt' });
  });

  it('has the dtype that is asked for, and is read in the widest', () => {
    const dtypes = new Map([['b', 'F32' as const]]);
    const wider = outputEntries([a], dtypes, (from) => (from === 'F32' ? 'F16' : from));
    expect(wider.map(({ name, from, dtype, begin }) => [name, from, dtype, begin])).toEqual([
      ['b', 'F32', 'F16', 0],
      ['a', 'F16', 'F16', 4],
      ['c', 'F32', 'F16', 6],
    ]);
    expect(chunksOf(wider, 4).map(({ at, bytes, position }) => [at, bytes, position])).toEqual([
      [0, 4, 0],
      [4, 4, 2],
      [0, 2, 4],
      [0, 4, 6],
      [4, 4, 8],
    ]);
  });

  it('cuts tensors into chunks, none across two', () => {
    const cuts = chunksOf(outputEntries([a]), 3).map(({ name, at, bytes }) => [name, at, bytes]);
    expect(cuts).toEqual([
      ['b', 0, 3],
      ['b', 3, 1],
      ['a', 0, 2],
      ['c', 0, 3],
      ['c', 3, 3],
      ['c', 6, 2],
    ]);
  });
});
