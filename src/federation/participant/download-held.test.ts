import { describe, expect, it } from 'vitest';
import type { Blob } from '../../protocol/blob-name.js';
import { exampleDescription } from '../../transport/transport.contract.js';
import { heldFilesOf } from './download-held.js';

const blob = { sha256: 'a'.repeat(64), bytes: 1000 };

interface Settings {
  freeze?: string[];
  constants?: Record<string, number[]>;
  initialModel?: string;
  share?: string[];
}

function endWith(settings: Settings) {
  const fetched: Blob[] = [];
  const configuration = { ...exampleDescription.configuration, ...settings };
  return {
    fetched,
    description: { ...exampleDescription, configuration, frozen: blob, own: blob },
    download: async (of: Blob) => {
      fetched.push(of);
      return new Uint8Array(of.bytes);
    },
  };
}

const kinds: { name: 'frozen' | 'own'; asked: Settings }[] = [
  { name: 'frozen', asked: { freeze: ['conv1.*'] } },
  { name: 'frozen', asked: { constants: { 'norm.constants.mean': [1] } } },
  // It may have constants, which only the network tells.
  { name: 'frozen', asked: { initialModel: 'b'.repeat(64) } },
  { name: 'own', asked: { share: ['conv1.*'] } },
];

describe.each(kinds)('the file of what is $name', ({ name, asked }) => {
  it('is fetched once', async () => {
    const end = endWith(asked);
    expect((await heldFilesOf(end, 1000))[name]).toHaveLength(1000);
    expect(end.fetched).toEqual([blob]);
  });

  it('is not fetched where there is nothing of that kind', async () => {
    const end = endWith({});
    expect(await heldFilesOf(end, 1000)).toEqual({});
    expect(end.fetched).toEqual([]);
  });

  it('is refused before it is fetched, where it is too large', async () => {
    const end = endWith(asked);
    await expect(heldFilesOf(end, 999)).rejects.toThrow(/1000 bytes.*999/);
    expect(end.fetched).toEqual([]);
  });
});
