import { describe, expect, it } from 'vitest';
import { ConfigurationError } from '../../protocol/configuration/configuration.js';
import { joinStates, type StateDict, stateLayout } from '../../tensor/state-dict.js';
import type { LocalWork } from '../../training/local-training.js';
import type { TaskRunner, TrainTask } from '../../training/tasks.js';
import { besideOwnTensors, keepOwnTensors, type SplitLayout, splitLayout } from './own-tensors.js';

const whole = stateLayout([
  ['conv1.weight', [2]],
  ['norm.weight', [1]],
  ['head.weight', [1]],
  ['norm.running_mean', [1]],
]);
const names = (layout: SplitLayout['own']) => layout.map(({ name }) => name);

describe('tensors that are shared, and those that stay', () => {
  it('each keep the order of the state, so that weights come before statistics', () => {
    const split = splitLayout(whole, ['conv*', 'norm.running_mean'], 'test');
    expect(names(split?.shared ?? [])).toEqual(['conv1.weight', 'norm.running_mean']);
    expect(names(split?.own ?? [])).toEqual(['norm.weight', 'head.weight']);
    expect(split?.shared.map(({ offset }) => offset)).toEqual([0, 2]);
  });

  it('are no two kinds where everything is shared', () => {
    expect(splitLayout(whole, undefined, 'test')).toBeUndefined();
    expect(splitLayout(whole, ['*'], 'test')).toBeUndefined();
  });

  it('are named by patterns that mean something: of others the nearest tensor is told', () => {
    const wrong = () => splitLayout(whole, ['conv1.*', 'haed.*'], 'run.yaml');
    expect(wrong).toThrow(ConfigurationError);
    expect(wrong).toThrow(/run\.yaml.*"haed\.\*".*"share"/);
    let hint: string | undefined;
    try {
      wrong();
    } catch (error) {
      hint = (error as ConfigurationError).hint;
    }
    expect(hint).toContain('"head.weight"');
  });
});

describe('tasks beside own tensors', () => {
  const split = splitLayout(whole, ['conv*', 'norm.running_mean'], 'test') as SplitLayout;
  const own: StateDict = { layout: split.own, data: Float32Array.of(10, 20) };
  const given: Float32Array[] = [];
  const drifts: (Float32Array | undefined)[] = [];
  const plusOne = (state: Float32Array) => state.map((value) => value + 1);
  const inner: TaskRunner = {
    async train({ base, work }) {
      given.push(base);
      drifts.push(work.controlDrift);
      const rest = { slots: new Float32Array(0), epochs: 1, steps: 1, examplesSeen: 1, loss: 0 };
      return { ...rest, state: plusOne(base), validation: undefined };
    },
    async evaluate({ state }) {
      given.push(state);
      return { examples: 1, counted: 1, lossSum: 0, sums: {}, rules: [] };
    },
    async mean({ state }) {
      given.push(state);
      return state;
    },
    stop() {},
  };
  const tasks = besideOwnTensors(inner, split, own);
  const shared = Float32Array.of(1, 2, 3);
  const all = [1, 2, 10, 20, 3];
  const none = new Uint32Array(0);

  it('train the whole state, and say what of it travels and what stays', async () => {
    const work = { controlDrift: Float32Array.of(7, 8, 9) } as unknown as LocalWork;
    const task: TrainTask = { type: 'train', base: shared, work, train: none, validation: none };
    const { state, kept } = await tasks.train(task);
    expect([...(given.at(-1) ?? [])]).toEqual(all);
    expect([...state]).toEqual([2, 3, 4]);
    expect(kept).toEqual({ layout: split.own, data: Float32Array.of(11, 21) });
    // A control variate is of what is shared.
    expect([...(drifts.at(-1) ?? [])]).toEqual([7, 8, 0, 0, 9]);
  });

  it('evaluate it whole, and give a method the mean of what travels', async () => {
    await tasks.evaluate({ type: 'evaluate', state: shared, examples: { source: 'train', indices: none } });
    expect([...(given.at(-1) ?? [])]).toEqual(all);
    const mean = await tasks.mean?.({ type: 'mean', of: 'fisher', state: shared, indices: none, signs: [] });
    expect([...(mean ?? [])]).toEqual([1, 2, 3]);
    expect(joinStates(split.whole, { layout: split.shared, data: shared }, own).data).toEqual(
      Float32Array.from(all),
    );
  });

  it('are kept by a method of which nothing leaves', async () => {
    const method = keepOwnTensors();
    expect(method.leaves).toBeUndefined();
    expect(method.keeps).toBeDefined();
    const round = { participant: 'site-a', kept: own } as Parameters<typeof method.compute>[0];
    expect(await method.compute(round)).toEqual({ own });
  });
});
