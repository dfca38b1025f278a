/** What a federation that is served comes to: the bytes of a run on one machine. */
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { base, served } from '../../../test/served-federation.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { runFederation } from './run-federation.js';

/** What is told of it, and what is different from `base`. */
export type Served = readonly [string, Partial<ConfigurationInput>];

/** A new folder for each test of the suite that calls this. @returns its path */
export function eachInFolder(): () => string {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'commonweight-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  return () => folder;
}

export function comesToTheSameBytes(folderOf: () => string, cases: readonly Served[]): void {
  it.each(cases)('comes to the bytes of a run on one machine, with %s', async (_, changes) => {
    const folder = folderOf();
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
}

/** What happens on a disk. */
export const damages = {
  flipped(file: string) {
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 0x10;
    writeFileSync(file, bytes);
  },
  zeroed: (file: string) => writeFileSync(file, new Uint8Array(statSync(file).size)),
  cut: (file: string) => truncateSync(file, 100),
  removed: (file: string) => rmSync(file),
} as const;

export function survivesDamage(
  folderOf: () => string,
  cases: readonly (readonly [keyof typeof damages, Partial<ConfigurationInput>])[],
): void {
  it.each(cases)(
    'comes to the same bytes with files that are %s on the disk a moment after they count',
    async (damaged, changes) => {
      const [folder, damage] = [folderOf(), damages[damaged]];
      const configuration: ConfigurationInput = { ...base, ...changes, rounds: 2 };
      const events: RoundEvent[] = [];
      const blob = (sha256: string) => join(folder, 'served/blobs', sha256);
      const { result } = await served(folder, configuration, () => ({
        onEvent(event) {
          const isFirst = !events.some(({ type }) => type === event.type);
          events.push(event);
          if (!isFirst) return;
          if (event.type === 'update-received') {
            const { sha256, attachments = {} } = event.update;
            damage(blob(Object.values(attachments)[0] ?? sha256));
          } else if (event.type === 'contributed') {
            damage(blob(event.sha256 as string));
          } else if (event.type === 'computed' || event.type === 'refitted') {
            damage(blob(event.sha256));
          } else if (event.type === 'merged') {
            damage(blob(event.sha256));
            for (const common of Object.values(event.common ?? {})) damage(blob(common));
            if (event.server !== undefined) damage(join(folder, 'served/models/server-1.safetensors'));
          }
        },
      }));
      const lost = events.filter(({ type }) => type === 'work-lost');
      // One update, and one file of sums where there are some.
      expect(lost).toHaveLength(changes.refit === undefined ? 1 : 2);
      const { result: expected } = await runFederation(configuration, { workers: 1 });
      expect(result.model?.sha256).toBe(expected.model?.sha256);
    },
  );
}

export function goesOn(folderOf: () => string, cases: readonly Served[]): void {
  it.each(cases)('goes on with more rounds once it is over, with %s', async (_, changes) => {
    const folder = folderOf();
    const configuration: ConfigurationInput = { ...base, ...changes };
    await served(folder, { ...configuration, rounds: 1 });
    const { result } = await served(folder, { ...configuration, rounds: 2 });
    expect(result.rounds).toHaveLength(2);
    const { result: expected } = await runFederation({ ...configuration, rounds: 2 }, { workers: 1 });
    expect(result.model?.sha256).toBe(expected.model?.sha256);
  });
}
