import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { base, served } from '../../../test/served-federation.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';

function flipBit(file: string): void {
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1]! ^= 0x10;
  writeFileSync(file, bytes);
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('a federation served to participants elsewhere', () => {
  it.each<[string, Partial<ConfigurationInput>]>([
    ['the mean', {}],
    ['the median, beside others', { strategy: 'median', compare: ['absmax', 'max(on=updates)'] }],
    ['a strategy on updates', { strategy: 'task-arithmetic(lambda=0.7)' }],
    ['initial weights of everybody’s own, aligned', { initialWeights: 'independent', align: true }],
    [
      'a server optimizer and an average',
      { server: { name: 'fed-adam', learningRate: 0.01 }, average: { name: 'ema', decay: 0.5 } },
    ],
    ['SCAFFOLD', { correction: { name: 'scaffold' }, rounds: 3 }],
    ['the Fisher information', { strategy: 'fisher-mean', fisherExamples: 32 }],
    [
      'participants drawn for each round, and steps',
      { participantsPerRound: 2, rounds: 4, local: { steps: 5 } },
    ],
    ['evaluation now and then', { evaluateEvery: 2, rounds: 3 }],
    ['names of their own', { participants: ['site-c', 'site-a', 'site-b'] }],
  ])('comes to the bytes of a run on one machine, with %s', async (_, changes) => {
    const configuration: ConfigurationInput = { ...base, ...changes };
    const { result, outcomes, out } = await served(folder, configuration);
    const local = join(folder, 'local');
    const { result: expected } = await runFederation(configuration, { out: local, workers: 1 });
    expect(result.model?.sha256).toBe(expected.model?.sha256);
    const rounds = (of: typeof result) => of.rounds.map(({ seconds: _, ...round }) => round);
    expect(rounds(result)).toEqual(rounds(expected));
    const file = await readFile(join(local, 'model.safetensors'));
    expect(file.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
    expect(await readFile(join(out, 'metrics.csv'), 'utf8')).toBe(
      await readFile(join(local, 'metrics.csv'), 'utf8'),
    );
    // Drift, confusion: what the report is made of.
    const details = `rounds/round-${expected.rounds.length}.json`;
    expect(await readFile(join(out, details), 'utf8')).toBe(await readFile(join(local, details), 'utf8'));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ type: 'finished', reason: 'max-rounds' });
      if (!(outcome instanceof Error) && outcome.type === 'finished')
        expect(file.equals(outcome.model ?? new Uint8Array())).toBe(true);
    }
  });

  it.each<[string, (file: string) => void, Partial<ConfigurationInput>]>([
    ['flipped', flipBit, { strategy: 'fisher-mean', fisherExamples: 32 }],
    ['zeroed', (file) => writeFileSync(file, new Uint8Array(statSync(file).size)), {}],
    ['cut', (file) => truncateSync(file, 100), { correction: { name: 'scaffold' } }],
    ['removed', rmSync, { server: { name: 'fed-adam', learningRate: 0.01 } }],
  ])(
    'comes to the same bytes with files that are %s on the disk a moment after they count',
    async (_, damage, changes) => {
      const configuration: ConfigurationInput = { ...base, ...changes, rounds: 2 };
      const events: RoundEvent[] = [];
      const blob = (sha256: string) => join(folder, 'served/blobs', sha256);
      const { result } = await served(folder, configuration, () => ({
        onEvent(event) {
          const isFirst = !events.some(({ type }) => type === event.type);
          events.push(event);
          if (!isFirst) return;
          if (event.type === 'update-received') {
            const { sha256, fisher, controls } = event.update;
            damage(blob(fisher ?? controls?.change ?? sha256));
          } else if (event.type === 'merged') {
            damage(blob(event.sha256));
            if (event.control !== undefined) damage(blob(event.control));
            if (event.server !== undefined) damage(join(folder, 'served/models/server-1.safetensors'));
          }
        },
      }));
      const lost = events.filter(({ type }) => type === 'update-lost');
      expect(lost).toHaveLength(1);
      const { result: expected } = await runFederation(configuration, { workers: 1 });
      expect(result.model?.sha256).toBe(expected.model?.sha256);
    },
  );

  it.each<[string, Partial<ConfigurationInput>]>([
    ['the mean', {}],
    ['SCAFFOLD', { correction: { name: 'scaffold' } }],
    ['a server optimizer', { server: { name: 'fed-adam', learningRate: 0.01 } }],
  ])('goes on with more rounds once it is over, with %s', async (_, changes) => {
    const configuration: ConfigurationInput = { ...base, ...changes };
    await served(folder, { ...configuration, rounds: 1 });
    const { result } = await served(folder, { ...configuration, rounds: 2 });
    expect(result.rounds).toHaveLength(2);
    const { result: expected } = await runFederation({ ...configuration, rounds: 2 }, { workers: 1 });
    expect(result.model?.sha256).toBe(expected.model?.sha256);
  });

  it('keeps nothing of a round that is merged, but the models', async () => {
    const { out, result } = await served(folder, { ...base, rounds: 4, keep: 2 });
    expect(await readdir(join(out, 'models'))).toEqual(['round-3.safetensors', 'round-4.safetensors']);
    const blobs = await readdir(join(out, 'blobs'));
    expect(blobs).toContain(result.model?.sha256);
    expect(blobs).toHaveLength(2);
  });

  it.each([
    [{ pooled: true }, /"pooled" is set/],
    [{ attack: { name: 'noise', attackers: 1 } }, /"attack" is set/],
    [{ images: 100 }, /"images" is set/],
    [{ refit: { rounds: 'last' } }, /"refit" is set/],
  ] as const)('refuses what needs everybody’s data in one place: %o', async (changes, message) => {
    await expect(served(folder, { ...base, ...changes })).rejects.toThrow(message);
  });
});
