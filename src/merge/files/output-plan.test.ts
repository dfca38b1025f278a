import { describe, expect, it } from 'vitest';
import type { Dtype } from '../../tensor/dtype.js';
import type { SafetensorsMetadata } from '../../tensor/safetensors-header.js';
import { chunksOf, commonMetadata, outputEntries } from './output-plan.js';

const input = (tensors: Record<string, [Dtype, number]>, metadata: SafetensorsMetadata = {}) => {
  const entries = Object.entries(tensors).map(([name, [dtype, bytes]]) => {
    return { name, dtype, shape: [bytes], begin: 100, end: 100 + bytes };
  });
  return { header: { entries, metadata, dataStart: 8 } };
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
