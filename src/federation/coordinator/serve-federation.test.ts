import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { base, served } from '../../../test/served-federation.js';
import { networkOf } from '../../engine/nn/by-name.js';
import { initialState, layoutOf, parametersOf } from '../../engine/nn/layers/network.js';
import { onPixels, pixels } from '../../engine/nn/models/normalize-pixels.js';
import { decodeSafetensors, encodeSafetensors } from '../../tensor/safetensors.js';
import { partOfState, tensorView } from '../../tensor/state-dict.js';
import { FINAL_MODEL } from '../participant/kept/participant-files.js';
import { runFederation } from './run-federation.js';
import { comesToTheSameBytes, eachInFolder, goesOn, survivesDamage } from './serve-federation.contract.js';

const halves = { update: 'half', model: 'half' };

// One thing at a time: serve-federation.full.test.ts.
describe('a federation served to participants elsewhere', () => {
  const folder = eachInFolder();

  comesToTheSameBytes(folder, [
    [
      'the median of clipped updates, beside others, half precision both ways, of initial weights of everybody’s own, aligned, and names of their own',
      {
        ...{ strategy: 'median', clipUpdate: 0.2, compare: ['absmax'], align: true, codec: halves },
        ...{ partition: { name: 'v', participants: 3 }, participants: ['site-c', 'site-a', 'site-b'] },
        initialWeights: 'independent',
      },
    ],
    [
      'a strategy on updates, half precision of the models alone, frozen weights, a server optimizer and an average, evaluated now and then',
      {
        ...{ strategy: 'task-arithmetic(lambda=0.7)', compare: ['max(on=updates)'] },
        ...{ codec: { model: 'half' }, freeze: ['fc1.bias'], evaluateEvery: 2, rounds: 3 },
        ...{ server: { name: 'fed-adam', learningRate: 0.01 }, average: { name: 'ema', decay: 0.5 } },
      },
    ],
    [
      'adapters of a layer beside another one, and groups of parameters',
      {
        ...{ lora: { rank: 2, targets: ['fc1.*'] }, train: ['fc2.*'], codec: { update: 'half' } },
        optimizer: {
          ...{ name: 'adamw', learningRate: 0.01, weightDecay: 0.1 },
          groups: [{ weights: ['fc2.*'], learningRateFactor: 0.5, weightDecay: 0 }],
        },
      },
    ],
    [
      'SCAFFOLD, participants drawn for each round, and steps',
      { correction: { name: 'scaffold' }, participantsPerRound: 1, rounds: 4, local: { steps: 5 } },
    ],
  ]);

  survivesDamage(folder, [
    ['flipped', { strategy: 'fisher-mean', fisherExamples: 32, freeze: ['fc1.*'], codec: halves }],
    ['flipped', { refit: { rounds: 'every' } }],
  ]);

  goesOn(folder, [['SCAFFOLD and a refit', { correction: { name: 'scaffold' }, refit: {} }]]);

  it('frozen weights of a model to start from travel once, and are part of the final model', async () => {
    const network = onPixels(networkOf({ name: 'mlp', hidden: [16], dropout: 0 }, 10), {
      mean: [0],
      deviation: [1],
    });
    const start = parametersOf(network, [pixels([1, 28, 28])]);
    const given = initialState(start, 'a model to start from');
    const init = join(folder(), 'start.safetensors');
    await writeFile(init, encodeSafetensors(given));
    const configuration = { ...base, freeze: ['fc1.*'] };
    const { model } = await runFederation(configuration, { init, workers: 1 });
    const { out, result } = await served(folder(), configuration, undefined, { init });
    expect(result.stopped.reason).toBe('max-rounds');
    const final = decodeSafetensors(await readFile(join(out, 'model.safetensors')), 'final').state;
    expect(final).toEqual(model);
    for (const name of ['fc1.weight', 'fc1.bias'])
      expect(tensorView(final, name)).toEqual(tensorView(given, name));
    expect(tensorView(final, 'fc2.weight')).not.toEqual(tensorView(given, 'fc2.weight'));
    const theirs = await readFile(join(folder(), 'environment-1', FINAL_MODEL));
    expect(decodeSafetensors(theirs, 'theirs').state).toEqual(model);
    const frozen = encodeSafetensors(partOfState(given, layoutOf(start).slice(0, 2)));
    const blobs = await readdir(join(out, 'blobs'));
    const sizes = await Promise.all(blobs.map(async (blob) => (await stat(join(out, 'blobs', blob))).size));
    // What is frozen, the model that round 1 began with, and those of the rounds: without it.
    expect(sizes.filter((size) => size >= frozen.length)).toEqual([frozen.length]);
  });

  it('of adapters only these travel, and the final model is that of the network', async () => {
    const network = onPixels(networkOf({ name: 'mlp', hidden: [16], dropout: 0 }, 10));
    const start = parametersOf(network, [pixels([1, 28, 28])]);
    const given = initialState(start, 'a model to start from');
    const init = join(folder(), 'start.safetensors');
    await writeFile(init, encodeSafetensors(given));
    const configuration = { ...base, lora: { rank: 2, targets: ['fc1.*'] } };
    const { model } = await runFederation(configuration, { init, workers: 1 });
    const { out } = await served(folder(), configuration, undefined, { init });
    for (const file of [join(out, 'model.safetensors'), join(folder(), 'environment-1', FINAL_MODEL)]) {
      expect(decodeSafetensors(await readFile(file), file).state).toEqual(model);
    }
    expect(model?.layout).toEqual(layoutOf(start));
    expect(tensorView(model!, 'fc2.weight')).toEqual(tensorView(given, 'fc2.weight'));
    expect(tensorView(model!, 'fc1.weight')).not.toEqual(tensorView(given, 'fc1.weight'));
    const last = await readFile(join(out, 'models/round-2.safetensors'));
    expect(decodeSafetensors(last, 'round 2').state.layout.map(({ name, shape }) => [name, shape])).toEqual([
      ['fc1.lora_A.weight', [2, 784]],
      ['fc1.lora_B.weight', [16, 2]],
    ]);
  });

  it('keeps nothing of a round that is merged, but the models', async () => {
    const { out, result } = await served(folder(), { ...base, rounds: 3, keep: 2 });
    expect(await readdir(join(out, 'models'))).toEqual(['round-2.safetensors', 'round-3.safetensors']);
    const blobs = await readdir(join(out, 'blobs'));
    expect(blobs).toContain(result.model?.sha256);
    expect(blobs).toHaveLength(2);
  });

  it.each([
    [{ pooled: true }, /"pooled" is set/],
    [{ attack: { name: 'noise', attackers: 1 } }, /"attack" is set/],
    [{ examples: 100 }, /"examples" is set/],
  ] as const)('refuses what needs everybody’s data in one place: %o', async (changes, message) => {
    await expect(served(folder(), { ...base, ...changes })).rejects.toThrow(message);
  });
});
