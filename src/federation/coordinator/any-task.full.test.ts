/** Federations with tasks of a program's own, whose processes are killed all at once and restarted. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ownTasks } from '../../../test/own-tasks.js';
import { replayRun } from '../../experiments/replay.js';
import { FINAL_MODEL } from '../participant/kept/participant-files.js';

const program = resolve(import.meta.dirname, '../../../test/own-task-process.ts');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'any-task-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** @returns its status, and the signal by which it ended */
async function federates(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', program, ...args], { stdio: 'inherit' });
  const [status, signal] = await once(child, 'exit');
  return { status, signal };
}

describe('a federation over a hub that is killed with SIGKILL', () => {
  it.each(Object.entries(ownTasks))('comes to the bytes of its replay: %s', async (name, one) => {
    const killed = { status: null, signal: 'SIGKILL' };
    expect(await federates(name, folder, 'update-received', '1')).toEqual(killed);
    expect(await federates(name, folder, 'merged', '1')).toEqual(killed);
    expect(await federates(name, folder, 'copy-evaluated', '2')).toEqual(killed);
    expect(await federates(name, folder)).toEqual({ status: 0, signal: null });
    const { dataset, extensions } = one;
    const data = { train: dataset, test: dataset };
    const [out, replayed] = [join(folder, 'served'), join(folder, 'replayed')];
    const { differences } = await replayRun(out, { workers: 1, data, extensions, out: replayed });
    expect(differences).toEqual([]);
    const model = await readFile(join(replayed, 'model.safetensors'));
    expect(model.equals(await readFile(join(out, 'model.safetensors')))).toBe(true);
    expect(model.equals(await readFile(join(folder, 'environment-1', FINAL_MODEL)))).toBe(true);
  });
});
