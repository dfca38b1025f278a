import { expect, it } from 'vitest';
import { pageTasks } from '../../src/browser.js';
import { describeTaskRunner, setup } from '../../src/training/threads/task-runner.contract.js';

// No memory is shared here: a task is given up by a message.
describeTaskRunner((setup) => pageTasks(setup));

it('tasks in a page that is not cross-origin isolated have one thread', async () => {
  expect(crossOriginIsolated).toBe(false);
  const tasks = await pageTasks(setup);
  expect(tasks).toMatchObject({ device: 'wasm', threads: 1 });
  tasks.close();
});
