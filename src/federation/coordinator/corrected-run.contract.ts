/**
 * A run whose local training is corrected: it differs from one that is not, and can be interrupted.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { sampleParticipants } from '../rounds/sampling.js';
import { runFederation } from './run-federation.js';

const sample = resolve(import.meta.dirname, '../../../test/fixtures/fashion-mnist-sample');
const folder = mkdtempSync(join(tmpdir(), 'commonweight-corrected-'));
afterAll(() => rmSync(folder, { recursive: true }));

const plain: ConfigurationInput = {
  dataset: sample,
  partition: { name: 'dirichlet', alpha: 0.3, participants: 4 },
  participantsPerRound: 3,
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.1 },
  schedule: { name: 'cosine' },
  batchSize: 16,
  local: {
    steps: [
      { from: 1, steps: 6 },
      { from: 3, steps: 2 },
    ],
  },
  rounds: 4,
  keep: 4,
};

const files = (out: string) =>
  ['models', 'methods'].flatMap((part) => {
    const path = join(out, part);
    const names = part === 'models' || readdirSync(out).includes(part) ? readdirSync(path).sort() : [];
    return names.map((name) => [`${part}/${name}`, readFileSync(join(path, name)).toString('base64')]);
  });

export function describeCorrected(
  corrections: readonly NonNullable<ConfigurationInput['correction']>[],
): void {
  let uncorrected: string;
  beforeAll(async () => {
    const { result } = await runFederation(plain, { workers: 1 });
    uncorrected = result.model!.sha256;
  });

  describe.each(corrections)('a federation corrected by $name', (correction) => {
    const input = { ...plain, correction: { ...correction, until: 3 } };

    it('runs to its end; interrupted and taken up again, it leaves the same files', async () => {
      const [out, again] = [join(folder, correction.name), join(folder, `${correction.name}-again`)];
      const { result } = await runFederation(input, { out, workers: 2 });
      expect(result.stopped).toEqual({ reason: 'max-rounds', round: 4 });
      expect(result.model!.sha256).not.toBe(uncorrected);
      result.rounds.forEach(({ round, participants }) => {
        const due = sampleParticipants(result.participants, { perRound: 3, seed: 0 }, round);
        expect(participants.map(({ name }) => name)).toEqual(due);
        expect(participants.map(({ steps }) => steps)).toEqual(due.map(() => (round < 3 ? 6 : 2)));
      });
      for (const round of [2, 3]) {
        const { signal, abort } = interruptible();
        const observer = {
          onEvent: (event: { type: string; round: number }) => {
            if (event.type === 'update-received' && event.round === round) abort();
          },
        };
        const part = await runFederation(input, { out: again, workers: 1, signal, observer });
        expect(part.result.stopped).toEqual({ reason: 'interrupted', round });
      }
      await runFederation(input, { out: again, workers: 1 });
      expect(files(again)).toEqual(files(out));
    });
  });
}

function interruptible() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
