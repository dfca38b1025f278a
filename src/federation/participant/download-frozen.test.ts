import { describe, expect, it } from 'vitest';
import type { Blob } from '../../protocol/blob-name.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import { frozenOf } from './download-frozen.js';

const blob = { sha256: 'a'.repeat(64), bytes: 1000 };

function endWith(freeze: string[] | undefined) {
  const fetched: Blob[] = [];
  const configuration = { ...exampleDescription.configuration, freeze };
  return {
    fetched,
    description: { ...exampleDescription, configuration, frozen: blob },
    download: async (of: Blob) => {
      fetched.push(of);
      return new Uint8Array(of.bytes);
    },
  };
}

describe('the frozen weights of a federation', () => {
  it('are fetched once', async () => {
    const end = endWith(['conv1.*']);
    expect(await frozenOf(end, 1000)).toHaveLength(1000);
    expect(end.fetched).toEqual([blob]);
  });

  it('are not fetched where nothing is frozen', async () => {
    const end = endWith(undefined);
    expect(await frozenOf(end, 1000)).toBeUndefined();
    expect(end.fetched).toEqual([]);
  });

  it('are refused before they are fetched, where they are too large', async () => {
    const end = endWith(['conv1.*']);
    await expect(frozenOf(end, 999)).rejects.toThrow(/1000 bytes.*999/);
    expect(end.fetched).toEqual([]);
  });
});
