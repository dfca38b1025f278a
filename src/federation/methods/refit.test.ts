import { describe, expect, it } from 'vitest';
import { classified } from '../../../test/classified.js';
import { smallPlan } from '../../../test/small-plan.js';
import { rowStart } from '../../merge/refit/cholesky.js';
import { addSums, emptySums, packSums, ridgeSolution, unpackSums } from '../../merge/refit/feature-sums.js';
import { type ConfigurationInput, parseConfiguration } from '../../protocol/configuration/configuration.js';
import { stateLayout } from '../../tensor/state-dict.js';
import type { TaskRunner } from '../../training/tasks.js';
import { type Resumable, resumptionContract, runInFolder } from '../record/resumption.contract.js';
import { afterMergeOf } from './after-merge.js';
import { checkRefit } from './refit.js';

const [features, classes] = [2, 2];
const layout = stateLayout([
  ['conv.weight', [1]],
  ['fc.weight', [classes, features]],
  ['fc.bias', [classes]],
]);
const [, weight, bias] = layout as [unknown, (typeof layout)[number], (typeof layout)[number]];
const participants = ['a', 'b', 'c'];
const rounds = 2;

function configurationOf(settings: Partial<ConfigurationInput>) {
  const model = { partition: { name: 'h' }, model: { name: 'mlp' }, optimizer: { name: 'adam' } } as const;
  return parseConfiguration({ ...model, local: { epochs: 1 }, rounds, ...settings }, 'test');
}

const planOf = (configuration: ReturnType<typeof configurationOf>) =>
  smallPlan(
    { participants, rounds, refit: configuration.refit?.rounds },
    {
      layout,
      shares: participants.map((name, k) => ({
        name,
        train: Uint32Array.of(k, k + 1),
        validation: Uint32Array.of(9),
      })),
      initialState: () => ({ layout, data: Float32Array.of(1, 2, 3, 4, 5, 6, 7) }),
      ...afterMergeOf(configuration, 'test'),
      refit: {
        features: {
          ...{ inputs: [], weight, bias, features, classes, batchSize: 1, blockSize: 1 },
          ...{ featureModel: new Uint8Array(0), gramModel: new Uint8Array(0) },
        },
        bound: { least: -1e9, most: 1e9 },
        lambda: 0.1,
        of: configuration.average?.final ? 'average' : 'merged',
      },
    },
  );

/**
 * Examples have the features (c·x, x², 1), c being the convolution's weight and x their index; even
 * ones are of class 0.
 */
function sumsOf(c: number, train: Iterable<number>) {
  const sums = emptySums(features + 1, classes);
  for (const x of train) {
    const phi = [c * x, x * x, 1];
    phi.forEach((value, i) => {
      for (let j = 0; j <= i; j++) sums.gram[rowStart(i) + j]! += value * phi[j]!;
      sums.targets[i * classes + (x % 2)]! += value;
    });
  }
  return sums;
}

/** Validation has the least loss where the first class's bias is nearest to `bestBias`. */
const tasksWith = (bestBias: number): TaskRunner => ({
  async train({ work: { participant, round }, base }) {
    const step = 0.1 * round * (1 + participants.indexOf(participant));
    const state = Float32Array.from(base, (w, i) => w + step * (i + 1));
    const slots = new Float32Array(0);
    return { state, slots, epochs: 1, steps: 1, examplesSeen: 2, loss: 1, validation: undefined };
  },
  async evaluate({ state }) {
    const lossSum = (state[bias.offset]! - bestBias) ** 2;
    return classified({ examples: 1, correct: 1, lossSum });
  },
  async sumFeatures({ state, train }) {
    return sumsOf(state[0]!, train);
  },
  stop() {},
});
const tasks = tasksWith(4);

const resumableOf = (settings: Partial<ConfigurationInput>): Resumable => {
  const configuration = configurationOf(settings);
  return { configuration, plan: planOf(configuration), tasks };
};

/**
 * The last layer [weight, bias] that everybody's examples have with this convolution, to float32.
 */
function expectedLayer(c: number, scale: number) {
  const total = emptySums(features + 1, classes);
  participants.forEach((_, k) => {
    addSums(total, unpackSums(packSums(sumsOf(c, [k, k + 1]))));
  });
  const [w00, w01, b0, w10, w11, b1] = ridgeSolution(total, features + 1, 0.1) as unknown as number[];
  return [...Float32Array.from([w00, w01, w10, w11, b0, b1] as number[], (value) => scale * value)];
}

describe('the refit of the last layer', () => {
  it('is the solution of everybody’s sums, times the power of two with the least loss on validation', async () => {
    const { state, valuesOf } = await runInFolder(resumableOf({ refit: {} }));
    const { scale } = state.rounds[1]!.refitted!;
    const [c, ...layer] = valuesOf('refitted-2');
    expect(c).toBe(valuesOf('round-2')[0]);
    expect(layer).toEqual(expectedLayer(c!, scale));
    const distances = [1, 2, 4, 8, 16, 32, 64].map((s) => Math.abs(expectedLayer(c!, s)[4]! - 4));
    expect(Math.abs(layer[4]! - 4)).toBe(Math.min(...distances));
    expect(scale).toBeGreaterThan(1);
  });

  it('keeps of what training gave the layer as much as has the least loss on validation', async () => {
    // Training gives the first class's bias 9.6, the sums times 8 give it 4.7.
    const best = 6.5;
    const { state, valuesOf } = await runInFolder({ ...resumableOf({ refit: {} }), tasks: tasksWith(best) });
    const { scale, alpha } = state.rounds[1]!.refitted!;
    expect(alpha).toBeGreaterThan(0);
    expect(alpha).toBeLessThan(1);
    const [c, ...trained] = valuesOf('round-2');
    const fitted = expectedLayer(c!, scale);
    const mixed = (share: number) => trained.map((w, i) => Math.fround((1 - share) * w + share * fitted[i]!));
    const [, ...layer] = valuesOf('refitted-2');
    layer.forEach((value, i) => {
      expect(value).toBeCloseTo(mixed(alpha)[i]!, 5);
    });
    const distances = [0, 0.25, 0.5, 0.75, 1].map((share) => Math.abs(mixed(share)[4]! - best));
    expect(Math.abs(layer[4]! - best)).toBeCloseTo(Math.min(...distances), 5);
  });

  it('comes after the last round where it is "last", and leaves the rounds as they are', async () => {
    const plain = await runInFolder(resumableOf({}));
    const { state, bytesOf, models } = await runInFolder(resumableOf({ refit: {} }));
    expect(state.rounds.map(({ refitted }) => refitted !== undefined)).toEqual([false, true]);
    expect(bytesOf('round-2')).toEqual(plain.bytesOf('round-2'));
    expect(models).toEqual(['refitted-2', 'round-2']);
  });

  it('is what the next round begins from where it is "every"', async () => {
    const { state, valuesOf } = await runInFolder(resumableOf({ refit: { rounds: 'every' } }));
    const first = state.rounds[0]!.refitted!;
    const c = Math.fround(valuesOf('round-2')[0]! - 0.4);
    // The participants add 0.2, 0.4 and 0.6 times the place's number to it: on average 0.4 times.
    const began = valuesOf('round-2')
      .slice(1)
      .map((w, i) => w - 0.4 * (i + 2));
    expectedLayer(c, first.scale).forEach((value, i) => {
      expect(began[i]).toBeCloseTo(value, 4);
    });
  });

  it('is of the average where that is the final model', async () => {
    const average = { name: 'swa', from: 1, final: true } as const;
    const { valuesOf } = await runInFolder(resumableOf({ refit: {}, average }));
    expect(valuesOf('refitted-2')[0]).toBe(valuesOf('average-2')[0]);
    expect(valuesOf('average-2')[0]).not.toBe(valuesOf('round-2')[0]);
  });

  it('is refused in every round where the final model is an average', () => {
    const configuration = configurationOf({
      refit: { rounds: 'every' },
      average: { name: 'ema', final: true },
    });
    expect(() => checkRefit(configuration, 'test')).toThrow(
      'test: "refit.rounds" is "every", but the final model',
    );
  });
});

resumptionContract('a refit after the last round', resumableOf({ refit: {} }));
resumptionContract('a refit in every round', resumableOf({ refit: { rounds: 'every' } }));
