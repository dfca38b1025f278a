import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { movement, movementMean } from '../../../examples/own-method.js';
import { base, served } from '../../../test/served-federation.js';
import { mean } from '../../merge/strategies/mean.js';
import { stateLayout } from '../../tensor/state-dict.js';
import { runFederation } from '../coordinator/run-federation.js';
import type { Method } from './method.js';
import { checkMethods, methodsOf } from './methods.js';

/**
 * Everything that a method can have: tensors of its own, a state here and one in common, and other
 * learning rates.
 */
const pace: Method = {
  name: 'pace',
  title: 'pace',
  leaves: 'how far the weights moved, as one number',
  keeps: 'pace',
  bound: { least: 0, most: 10 },
  layout: () => stateLayout([['distance', [1]]]),
  carries: () => true,
  prepare({ common, own }) {
    const rate = 0.05 / (1 + (common?.data[0] ?? 0) + (own?.data[0] ?? 0));
    return { learningRates: Float32Array.of(rate) };
  },
  async compute({ base, state, own }) {
    const squares = state.reduce((sum, weight, i) => sum + (weight - (base[i] as number)) ** 2, 0);
    const layout = stateLayout([['distance', [1]]]);
    const distance = Float32Array.of(Math.sqrt(squares / state.length));
    const kept = Float32Array.of((own?.data[0] ?? 0) + (distance[0] as number));
    return { attachment: { layout, data: distance }, own: { layout, data: kept } };
  },
  async merge({ contributions }) {
    const layout = stateLayout([['distance', [1]]]);
    const data = new Float32Array(1);
    for await (const { share, attachment } of contributions)
      data[0] = (data[0] as number) + share * (attachment.data[0] as number);
    return { layout, data };
  },
};

const folder = await mkdtemp(join(tmpdir(), 'methods-'));
afterAll(() => rm(folder, { recursive: true }));

describe('methods that a program brings', () => {
  it('come to the same bytes on one machine and on many', async () => {
    const configuration = { ...base, strategy: 'movement-mean', rounds: 3 };
    const extensions = { methods: [pace, movement], strategies: [movementMean] };
    const there = await served(join(folder, 'many'), configuration, () => ({}), { extensions });
    const { result, model } = await runFederation(configuration, { extensions, workers: 1 });
    expect(
      there.outcomes.map((outcome) => (outcome instanceof Error ? outcome.message : outcome.type)),
    ).toEqual(['finished', 'finished']);
    expect(there.result.model?.sha256).toBe(result.model?.sha256);
    const plain = await runFederation(configuration, {
      ...{ extensions: { methods: [movement], strategies: [movementMean] }, workers: 1 },
    });
    expect(model?.data).not.toEqual(plain.model?.data);
  });

  it('are those of the coordinator with every participant', async () => {
    const { outcomes } = await served(
      join(folder, 'other'),
      { ...base, rounds: 1, quorum: 1 },
      (operator) => ({
        onPresence: () => undefined,
        onRefused: () => undefined,
        onAssigned: () => void operator().stop(),
      }),
      { extensions: { methods: [pace] } },
      {},
    );
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        message: expect.stringContaining('carry the attachments pace, the methods here compute none'),
      });
    }
  });

  it.each([
    ['fisher', 'there is a method "fisher" already'],
    ['Movement', 'expected lower-case letters'],
    ['', 'expected lower-case letters'],
  ])('cannot be called "%s"', (name, problem) => {
    expect(() => checkMethods([{ ...movement, name }], 'options')).toThrow(problem);
  });

  it('are refused without a bound, where they send something', () => {
    const { bound: _, ...unbounded } = movement;
    expect(() => checkMethods([unbounded], 'options')).toThrow('"movement" sends an attachment');
    const { leaves: __, ...silent } = unbounded;
    expect(() => checkMethods([silent], 'options')).not.toThrow();
  });

  it('send nothing that is beyond their bound', async () => {
    const tight = { ...movement, bound: { least: 0, most: 1e-9 } };
    const extensions = { methods: [tight], strategies: [movementMean] };
    const run = runFederation({ ...base, strategy: 'movement-mean' }, { extensions, workers: 1 });
    await expect(run).rejects.toThrow(/the movement of "environment-\d" in round 1 is .*from 0 to 1e-9/);
  });

  it('are at work in their own rounds, and where a strategy that merges asks for them', () => {
    const rules = { methods: [{ ...pace, carries: (round: number) => round > 2 }, movement] };
    const names = (round: number, evaluated: boolean) =>
      methodsOf({ ...rules, strategy: mean(), compared: [movementMean] }, round, evaluated).map(
        ({ name }) => name,
      );
    expect([names(1, false), names(1, true), names(3, false)]).toEqual([[], ['movement'], ['pace']]);
  });
});
