import { describe, expect, it } from 'vitest';
import { InterruptedError } from '../base/interrupted.js';
import { emptySums } from '../merge/refit/feature-sums.js';
import type { LocalResult } from '../training/local-training.js';
import type { TaskRunner, TrainTask } from '../training/tasks.js';
import { shareTasks } from './shared-tasks.js';

const task = (
  change: { round?: number; participant?: string; base?: number; slots?: number } = {},
): TrainTask => {
  const { round = 1, participant = 'a', base = 0, slots } = change;
  return {
    type: 'train',
    work: {
      participant,
      round,
      seed: 1,
      epochs: Infinity,
      learningRates: Float32Array.of(0.1),
      slots: slots === undefined ? undefined : Float32Array.of(slots),
    },
    base: Float32Array.of(base),
    train: Uint32Array.of(1, 2),
    validation: Uint32Array.of(3),
  };
};

/** Counts the requests; the first `failures` of them are given up. */
function counting(failures = 0) {
  const asked: TrainTask[] = [];
  const runner: TaskRunner = {
    async train(task) {
      asked.push(task);
      if (asked.length <= failures) throw new InterruptedError('interrupted');
      return { state: Float32Array.of(asked.length) } as LocalResult;
    },
    async evaluate() {
      throw new Error('not asked for here');
    },
    stop() {},
  };
  return { runner, asked };
}

describe('tasks shared between runs', () => {
  it('are done once where they are the same, whichever run asks', async () => {
    const share = shareTasks();
    const [first, second] = [counting(), counting()];
    const one = await share(first.runner).train(task());
    expect(await share(second.runner).train(task())).toBe(one);
    expect(second.asked).toHaveLength(0);
  });

  it.each([
    ['base', { base: 1 }],
    ['participant', { participant: 'b' }],
    ['slots', { slots: 1 }],
  ])('are others with another %s', async (_, change) => {
    const { runner, asked } = counting();
    const shared = shareTasks()(runner);
    await shared.train(task());
    await shared.train(task(change));
    expect(asked).toHaveLength(2);
  });

  it('are those of the first round and pooled ones, which know no strategy', async () => {
    const { runner, asked } = counting();
    const shared = shareTasks()(runner);
    for (const change of [{ round: 2 }, { round: 2 }, { round: 2, participant: 'pooled' }]) {
      await shared.train(task(change));
    }
    await shared.train(task({ round: 2, participant: 'pooled' }));
    expect(asked).toHaveLength(3);
  });

  it('leave all other tasks to the runner of the run', async () => {
    const { runner } = counting();
    const lines: string[] = [];
    const able: TaskRunner = {
      ...runner,
      async sumFeatures({ type }) {
        lines.push(type);
        return emptySums(1, 1);
      },
      async mean({ type }) {
        lines.push(type);
        return Float32Array.of(1);
      },
    };
    const [state, indices] = [Float32Array.of(0), Uint32Array.of(1)];
    const shared = shareTasks()(able);
    await shared.sumFeatures?.({ type: 'sum-features', state, train: indices });
    await shared.mean?.({ type: 'mean', of: 'fisher', state, indices, signs: [] });
    expect(lines).toEqual(['sum-features', 'mean']);
    expect(shareTasks()(runner).sumFeatures).toBeUndefined();
  });

  it('are tried again where they were given up', async () => {
    const { runner, asked } = counting(1);
    const shared = shareTasks()(runner);
    await expect(shared.train(task())).rejects.toThrow(InterruptedError);
    expect((await shared.train(task())).state).toEqual(Float32Array.of(2));
    expect(asked).toHaveLength(2);
  });
});
