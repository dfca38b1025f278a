import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stateLayout } from '../../tensor/state-dict.js';
import type { RoundEvent } from '../rounds/round-events.js';
import { openRunFolder } from './run-folder.js';

const input: ConfigurationInput = {
  partition: { name: 'v' },
  model: { name: 'mlp' },
  optimizer: { name: 'adam' },
  local: { epochs: 2, threshold: 0.9 },
  rounds: 3,
};
const configuration = parseConfiguration(input, 'test');

const state = { layout: stateLayout([['fc.weight', [2, 2]]]), data: Float32Array.of(1, -2, 3, 0.5) };
const event = (round: number, sha256: string): RoundEvent => ({
  type: 'merged',
  round,
  sha256,
  merged: { mean: { accuracy: 0.5 } },
  own: {},
  seconds: 1,
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A folder with two facts and a model. */
async function begun() {
  const run = await openRunFolder(folder, configuration);
  const sha256 = await run.put({ type: 'merged', round: 1 }, state);
  await run.append(event(1, sha256));
  await run.append(event(2, sha256));
  await run.close();
  return sha256;
}

describe('a run folder', () => {
  it('gives back its facts and its states when it is opened again', async () => {
    const sha256 = await begun();
    const run = await openRunFolder(folder, configuration);
    expect(run.events).toEqual([event(1, sha256), event(2, sha256)]);
    expect(await run.get({ type: 'merged', round: 1 }, sha256)).toEqual(state);
    await run.close();
  });

  it('forgets a last line that was cut off, and writes the next one in its place', async () => {
    const sha256 = await begun();
    appendFileSync(join(folder, 'journal.jsonl'), '{"type":"merged","rou');
    const run = await openRunFolder(folder, configuration);
    expect(run.events).toHaveLength(2);
    await run.append(event(3, sha256));
    await run.close();
    const again = await openRunFolder(folder, configuration);
    expect(again.events).toEqual([event(1, sha256), event(2, sha256), event(3, sha256)]);
    await again.close();
  });

  it('loses no more than the last fact, wherever the end of the journal was cut off', async () => {
    const names = ['site-a', 'Klinik für Kinder', '病院', '🏥'];
    const facts = names.map((participant, k): RoundEvent => {
      return { type: 'copy-evaluated', round: 1, participant, validation: { accuracy: 1 / (k + 3) } };
    });
    const journal = join(folder, 'journal.jsonl');
    const run = await openRunFolder(folder, configuration);
    for (const fact of facts) await run.append(fact);
    await run.close();
    const whole = readFileSync(journal);
    const lastLine = whole.lastIndexOf('\n', whole.length - 2) + 1;
    for (let end = lastLine; end < whole.length; end++) {
      // A power cut may leave zeros where nothing was written yet.
      for (const rest of [0, 3]) {
        writeFileSync(journal, Buffer.concat([whole.subarray(0, end), Buffer.alloc(rest)]));
        const again = await openRunFolder(folder, configuration);
        expect(again.events).toEqual(facts.slice(0, -1));
        await again.append(facts.at(-1)!);
        await again.close();
        expect(readFileSync(journal)).toEqual(whole);
      }
    }
  });

  it('names the file and the line of a fact that was changed, and changes nothing', async () => {
    await begun();
    const journal = join(folder, 'journal.jsonl');
    const damaged = Buffer.from(
      `${readFileSync(journal, 'latin1').replace('"round":1', '"round":\xff')}{"ty`,
      'latin1',
    );
    writeFileSync(journal, damaged);
    await expect(openRunFolder(folder, configuration)).rejects.toMatchObject({
      message: expect.stringContaining(
        `"${journal}": line 1 is not as it was written: {"type":"merged","round":`,
      ),
      hint: expect.stringContaining('remove this line and all after it'),
    });
    expect(readFileSync(journal)).toEqual(damaged);
  });

  it('refuses a state with a flipped bit', async () => {
    const sha256 = await begun();
    const file = join(folder, 'models/round-1.safetensors');
    const bytes = readFileSync(file);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(file, bytes);
    const run = await openRunFolder(folder, configuration);
    await expect(run.get({ type: 'merged', round: 1 }, sha256)).rejects.toThrow(
      `"${file}" was changed: its SHA-256 is`,
    );
    await run.close();
  });

  it('names a state that is missing', async () => {
    const sha256 = await begun();
    rmSync(join(folder, 'models'), { recursive: true });
    const run = await openRunFolder(folder, configuration);
    await expect(run.get({ type: 'merged', round: 1 }, sha256)).rejects.toThrow(
      'cannot be read: there is no such file',
    );
    await run.close();
  });

  it('refuses another configuration and names the first field that differs', async () => {
    await begun();
    const other = parseConfiguration({ ...input, local: { epochs: 3, threshold: 0.9 } }, 'test');
    await expect(openRunFolder(folder, other)).rejects.toThrow(
      `"${folder}" holds a run of another configuration: "local.epochs" is 2 there and 3 now`,
    );
    const without = parseConfiguration({ ...input, local: { epochs: 2 } }, 'test');
    await expect(openRunFolder(folder, without)).rejects.toThrow(
      '"local.threshold" is 0.9 there and not set now',
    );
  });

  it('refuses a folder that holds something else', async () => {
    writeFileSync(join(folder, 'thesis.tex'), '');
    await expect(openRunFolder(folder, configuration)).rejects.toThrow(
      `"${folder}" holds "thesis.tex" and no run`,
    );
  });

  it('clears away what a killed process was writing', async () => {
    await begun();
    const parts = ['round-2.safetensors.1234.part', '.round-2.safetensors.1234.partial'];
    for (const part of parts) writeFileSync(join(folder, 'models', part), 'half');
    const run = await openRunFolder(folder, configuration);
    expect(readdirSync(join(folder, 'models'))).toEqual(['round-1.safetensors']);
    await run.close();
  });

  it('is explained where it cannot be made', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(openRunFolder(file, configuration)).rejects.toThrow('there is a file of that name');
    await expect(openRunFolder(join(file, 'in'), configuration)).rejects.toThrow(
      'a part of the path is a file',
    );
  });
});
