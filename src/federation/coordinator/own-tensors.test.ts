/** Runs in which some tensors stay with their owners (`methods/own-tensors.ts`). */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { centred } from '../../../test/centred-network.js';
import { some } from '../../../test/every-case.js';
import { openModel } from '../../cli/flags/open-model.js';
import { replayRun } from '../../experiments/replay.js';
import type { ConfigurationInput } from '../../protocol/configuration/configuration.js';
import { decodeSafetensors } from '../../tensor/safetensors.js';
import { tensorView } from '../../tensor/state-dict.js';
import { runFederation } from './run-federation.js';

const sample = resolve(import.meta.dirname, '../../../test/fixtures/fashion-mnist-sample');
const folder = mkdtempSync(join(tmpdir(), 'commonweight-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base: ConfigurationInput = {
  dataset: sample,
  partition: { name: 'dirichlet', alpha: 0.1, participants: 4, validation: 0.2 },
  model: { name: 'mlp', hidden: [16] },
  optimizer: { name: 'sgd', learningRate: 0.05 },
  local: { epochs: 2 },
  rounds: 3,
  // All but the last layer: FedPer.
  share: ['fc1.*'],
};
const stateIn = (...path: string[]) => decodeSafetensors(readFileSync(join(...path)), path.join('/')).state;
const namesIn = (...path: string[]) => stateIn(...path).layout.map(({ name }) => name);
const files = (out: string) =>
  ['models', 'methods', 'personal'].flatMap((part) =>
    readdirSync(join(out, part))
      .sort()
      .map((name) => [`${part}/${name}`, readFileSync(join(out, part, name)).toString('base64')]),
  );

describe('a run in which the last layer stays with each participant', () => {
  const scaffold: ConfigurationInput = {
    ...base,
    ...{ correction: { name: 'scaffold' }, participantsPerRound: 2, pooled: true, compare: ['median'] },
  };

  it('merges the others, and leaves everybody a model of its own', async () => {
    const out = join(folder, 'scaffold');
    const { result } = await runFederation(scaffold, { out, workers: 2 });
    const shared = ['fc1.weight', 'fc1.bias'];
    const whole = [...shared, 'fc2.weight', 'fc2.bias'];
    expect(namesIn(out, 'models/round-3.safetensors')).toEqual(shared);
    expect(namesIn(out, 'methods/control-3.safetensors')).toEqual(shared);
    expect(result.personal?.map(({ name }) => name)).toEqual(result.participants);
    const heads = new Set<string>();
    for (const { name, file } of result.personal ?? []) {
      expect(namesIn(file)).toEqual(whole);
      expect(tensorView(stateIn(file), 'fc1.bias')).toEqual(
        tensorView(stateIn(out, 'model.safetensors'), 'fc1.bias'),
      );
      heads.add(tensorView(stateIn(file), 'fc2.bias').join());
      // Of everybody who ever took part one state is kept, that of its last update.
      const taken = result.rounds.some(({ participants }) => participants.some((one) => one.name === name));
      const kept = readdirSync(join(out, 'methods')).filter(
        (one) => one.startsWith('own-tensors-') && one.endsWith(`${name}.safetensors`),
      );
      expect(kept).toHaveLength(taken ? 1 : 0);
    }
    expect(heads.size).toBeGreaterThan(1);
    expect(readdirSync(out)).not.toContain('model.onnx');
    await expect(openModel(join(out, 'model.safetensors'), {})).rejects.toThrow(/shared tensors.*fc1/);
    const opened = await openModel(result.personal?.[0]?.file ?? '', {});
    expect(opened.state.layout.map(({ name }) => name)).toEqual(whole);
    expect(result.rounds.at(-1)?.merged.median?.test?.accuracy).toBeGreaterThan(0);
    expect(result.pooled?.test.accuracy).toBeGreaterThan(0);
  });

  it('comes to the same files where it is interrupted and taken up again, and is replayed', async () => {
    const [out, again] = [join(folder, 'scaffold'), join(folder, 'again')];
    for (const round of [2, 3]) {
      const stop = new AbortController();
      const observer = {
        onEvent: (event: { type: string; round: number }) => {
          if (event.type === 'update-received' && event.round === round) stop.abort();
        },
      };
      const part = await runFederation(scaffold, { out: again, workers: 1, signal: stop.signal, observer });
      expect(part.result.stopped).toEqual({ reason: 'interrupted', round });
    }
    await runFederation(scaffold, { out: again, workers: 1 });
    expect(files(again)).toEqual(files(out));
    const { differences } = await replayRun(out, { workers: 2 });
    expect(differences).toEqual([]);
  });

  it('begins alike with everybody, or not, and stays as it began with those who were never drawn', async () => {
    const once = { ...base, rounds: 1, participantsPerRound: 1 } as const;
    const headsOf = async (input: ConfigurationInput) => {
      const { personal = {} } = await runFederation(input, { workers: 2 });
      return Object.values(personal).map((model) => tensorView(model, 'fc2.weight').join());
    };
    const alike = await headsOf(once);
    expect(alike).toHaveLength(4);
    // Three were not drawn.
    expect(new Set(alike).size).toBe(2);
    expect(new Set(await headsOf({ ...once, initialWeights: 'independent' })).size).toBe(4);
  });

  it('has attackers who make something of the shared tensors only', async () => {
    const out = join(folder, 'attack');
    const attack = { name: 'alie', attackers: 1 } as const;
    const input: ConfigurationInput = { ...base, strategy: 'median', attack };
    const { result } = await runFederation(input, { out, workers: 2 });
    const [attacker] = result.attackers ?? [];
    const kept = readdirSync(join(out, 'methods')).join();
    expect(kept).not.toContain(attacker);
    expect(kept).toContain('own-tensors-3-');
  });
});

describe('a last layer of one’s own', () => {
  it.each(some([1, 2, 3]))(
    'serves participants with other classes better than a common one, with seed %i',
    async (seed) => {
      const meanOf = async (input: ConfigurationInput) => {
        const { result } = await runFederation({ ...input, seed, rounds: 4 }, { workers: 2 });
        const figures = result.rounds.at(-1)?.copied.map(({ validation }) => validation.accuracy ?? 0) ?? [];
        return figures.reduce((sum, figure) => sum + figure, 0) / figures.length;
      };
      const { share: _, ...common } = base;
      // Measured: 15 to 30 points.
      expect(await meanOf(base)).toBeGreaterThan((await meanOf(common)) + 0.08);
    },
  );
});

describe('statistics of one’s own (FedBN)', () => {
  it('stay with each participant, while the weights are merged', async () => {
    const input: ConfigurationInput = {
      ...base,
      ...{ model: { name: 'custom' }, share: ['body.*', 'head.*'], rounds: 2 },
    };
    const { model, personal = {} } = await runFederation(input, {
      extensions: { network: centred(10) },
      workers: 2,
    });
    expect(model?.layout.map(({ name }) => name)).toEqual([
      ...['body.weight', 'body.bias', 'head.weight', 'head.bias'],
    ]);
    const models = Object.values(personal);
    const distinct = (name: string) => new Set(models.map((one) => tensorView(one, name).join())).size;
    expect(models).toHaveLength(4);
    expect(distinct('norm.running_mean')).toBe(4);
    expect(distinct('head.weight')).toBe(1);
  });
});

describe('what does not go with own tensors', () => {
  it.each([
    ['align', { align: true }, /"align".*"share"/],
    ['a refit', { refit: {} }, /"refit".*"share"/],
    ['a pattern that means nothing', { share: ['fc3.*'] }, /"fc3\.\*"/],
  ] as const)('is refused: %s', async (_, changes, problem) => {
    await expect(runFederation({ ...base, ...changes } as ConfigurationInput)).rejects.toThrow(problem);
  });
});
