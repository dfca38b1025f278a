/**
 * Does training once that several runs of a comparison request. Runs that differ only in their
 * strategy start alike: the first round trains from the same weights on the same data, and pooled
 * training never depends on a strategy. A task is identified by its whole content, down to the
 * bytes of its arrays; its result is a function of that alone. Node only.
 */

import { sha256Of } from '../base/node/sha256-of.js';
import type { LocalResult } from '../training/local-training.js';
import type { TaskRunner, TrainTask } from '../training/tasks.js';

/** Puts a cache before the runners of all runs; it lasts as long as the returned function. */
export function shareTasks(): (runner: TaskRunner) => TaskRunner {
  const results = new Map<string, Promise<LocalResult>>();
  return (runner) => ({
    train(task, onProgress) {
      if (!isShared(task)) return runner.train(task, onProgress);
      const key = keyOf(task);
      const known = results.get(key);
      if (known !== undefined) return known;
      const result = runner.train(task, onProgress);
      results.set(key, result);
      // A task that failed or was given up is tried again by the next run.
      result.catch(() => results.delete(key));
      return result;
    },
    evaluate: (task) => runner.evaluate(task),
    ...(runner.sumFeatures && { sumFeatures: runner.sumFeatures.bind(runner) }),
    ...(runner.mean && { mean: runner.mean.bind(runner) }),
    ...(runner.survey && { survey: runner.survey.bind(runner) }),
    stop: () => runner.stop(),
  });
}

/** Later rounds start from what a strategy made: they would fill the cache for nothing. */
const isShared = ({ work }: TrainTask) => work.round === 1 || work.participant === 'pooled';

function keyOf(task: TrainTask): string {
  return JSON.stringify(task, (_, value: unknown) => {
    if (ArrayBuffer.isView(value)) {
      return sha256Of(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    return value === Infinity ? 'Infinity' : value;
  });
}
