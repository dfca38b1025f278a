import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { base, served } from '../../../test/served-federation.js';
import { comesToTheSameBytes, eachInFolder, goesOn, survivesDamage } from './serve-federation.contract.js';

// One thing at a time: serve-federation.full.test.ts.
describe('a federation served to participants elsewhere', () => {
  const folder = eachInFolder();

  comesToTheSameBytes(folder, [
    [
      'the median, beside others, of initial weights of everybody’s own, aligned, and names of their own',
      {
        ...{ strategy: 'median', compare: ['absmax'], align: true },
        ...{ initialWeights: 'independent', participants: ['site-c', 'site-a', 'site-b'] },
      },
    ],
    [
      'a strategy on updates, a server optimizer and an average, evaluated now and then',
      {
        ...{
          strategy: 'task-arithmetic(lambda=0.7)',
          compare: ['max(on=updates)'],
          evaluateEvery: 2,
          rounds: 3,
        },
        ...{ server: { name: 'fed-adam', learningRate: 0.01 }, average: { name: 'ema', decay: 0.5 } },
      },
    ],
    [
      'SCAFFOLD, participants drawn for each round, and steps',
      { correction: { name: 'scaffold' }, participantsPerRound: 2, rounds: 4, local: { steps: 5 } },
    ],
    ['the Fisher information', { strategy: 'fisher-mean', fisherExamples: 32 }],
    ['the last layer refitted before every copy', { refit: { rounds: 'every' } }],
    [
      'the last layer of the average refitted after the last round',
      { refit: {}, average: { name: 'swa', from: 1, final: true } },
    ],
  ]);

  survivesDamage(folder, [
    ['flipped', { strategy: 'fisher-mean', fisherExamples: 32 }],
    ['removed', { server: { name: 'fed-adam', learningRate: 0.01 } }],
    ['flipped', { refit: { rounds: 'every' } }],
  ]);

  goesOn(folder, [
    ['SCAFFOLD', { correction: { name: 'scaffold' } }],
    ['a refit', { refit: {} }],
  ]);

  it('keeps nothing of a round that is merged, but the models', async () => {
    const { out, result } = await served(folder(), { ...base, rounds: 4, keep: 2 });
    expect(await readdir(join(out, 'models'))).toEqual(['round-3.safetensors', 'round-4.safetensors']);
    const blobs = await readdir(join(out, 'blobs'));
    expect(blobs).toContain(result.model?.sha256);
    expect(blobs).toHaveLength(2);
  });

  it.each([
    [{ pooled: true }, /"pooled" is set/],
    [{ attack: { name: 'noise', attackers: 1 } }, /"attack" is set/],
    [{ images: 100 }, /"images" is set/],
  ] as const)('refuses what needs everybody’s data in one place: %o', async (changes, message) => {
    await expect(served(folder(), { ...base, ...changes })).rejects.toThrow(message);
  });
});
