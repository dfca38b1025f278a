import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { some } from '../../../test/every-case.js';
import { base, data } from '../../../test/scripted-federation.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { runFederation } from '../coordinator/run-federation.js';
import { readRun } from './read-run.js';

const root = mkdtempSync(join(tmpdir(), 'continued-run-'));
afterAll(() => rmSync(root, { recursive: true }));
const run = (out: string, more: Partial<ConfigurationInput>) =>
  runFederation({ ...base, ...more }, { data, workers: 1, out: join(root, out) });
const modelOf = (out: string) => readFileSync(join(root, out, 'model.safetensors'));

describe('a run with more rounds than before', () => {
  const ways: readonly (readonly [string, Partial<ConfigurationInput>])[] = [
    ['plain', {}],
    ['server', { server: { name: 'fed-adam' }, average: { name: 'ema', decay: 0.5 } }],
    ['scaffold', { correction: { name: 'scaffold' } }],
    ['pooled', { pooled: true }],
  ];
  it.each(some(ways, 2))(
    'goes on to the bytes of one that was told so from the beginning: %s',
    async (name, more) => {
      await run(name, { ...more, rounds: 2 });
      const { result } = await run(name, { ...more, rounds: 4 });
      expect(result.rounds).toHaveLength(4);
      const straight = await run(`${name}-straight`, { ...more, rounds: 4 });
      expect(modelOf(name).equals(modelOf(`${name}-straight`))).toBe(true);
      expect(result.stopped).toEqual(straight.result.stopped);
      expect(await readRun(join(root, name))).toMatchObject({ extended: true, configuration: { rounds: 4 } });
      await expect(run(name, { ...more, rounds: 3 })).rejects.toThrow('"rounds" is 4 there and 3 now');
    },
  );

  it('is replayed, unless what is done in a round depends on how many there are', async () => {
    const plain = await replayRun(join(root, 'plain'), { data, workers: 1 });
    expect(plain.differences).toEqual([]);
    const cosine = { schedule: { name: 'cosine' } } as const;
    await run('cosine', { ...cosine, rounds: 1 });
    await run('cosine', { ...cosine, rounds: 2 });
    await expect(replayRun(join(root, 'cosine'), { data, workers: 1 })).rejects.toThrow(
      /cannot be replayed: its "rounds" was raised/,
    );
  });

  it('stays ended where every participant has reached the reference', async () => {
    await run('reached', { reference: 0, rounds: 2 });
    const { result } = await run('reached', { reference: 0, rounds: 5 });
    expect(result.rounds).toHaveLength(1);
    expect(result.stopped.reason).toBe('every-participant-passed');
  });

  it('goes on where the last round was evaluated only for being the last', async () => {
    await run('rare', { evaluateEvery: 3, rounds: 2 });
    const { result } = await run('rare', { evaluateEvery: 3, rounds: 4 });
    expect(result.rounds).toHaveLength(4);
    await run('rare-straight', { evaluateEvery: 3, rounds: 4 });
    expect(modelOf('rare').equals(modelOf('rare-straight'))).toBe(true);
  });
});
