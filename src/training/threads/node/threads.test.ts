import { expect, it } from 'vitest';
import { setup, task } from '../task-runner.contract.js';
import { endWork, keepThreads, takeThread } from './threads.js';
import { WorkerPool } from './worker-pool.js';

const flag = new Int32Array(new SharedArrayBuffer(4));

it('a thread that is kept serves the next pool, with the same results', async () => {
  const end = keepThreads();
  const results = [];
  for (let turn = 0; turn < 3; turn++) {
    const pool = new WorkerPool(setup, 2);
    const work = [task(1), task(2), task(3)].map((each) => pool.train(each));
    results.push((await Promise.all(work)).map(({ state }) => state));
    await pool.close();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  const first = takeThread();
  first.postMessage({ type: 'begin', setup, flag });
  await endWork(first);
  const taken = [takeThread()];
  while (taken.at(-1) !== first && taken.length < 50) taken.push(takeThread());
  expect(taken).toContain(first);
  await Promise.all(taken.map(endWork));
  await end();
});

it('a pool that is closed twice leaves the threads of the next one alone', async () => {
  const end = keepThreads();
  const before = new WorkerPool(setup, 1);
  await before.train(task(1));
  await before.close();
  const pool = new WorkerPool(setup, 1);
  const training = pool.train(task(200));
  await before.close();
  expect((await training).epochs).toBe(200);
  await pool.close();
  await end();
});

it('a thread with a feeder of its own is not kept', async () => {
  const end = keepThreads();
  const thread = takeThread();
  thread.postMessage({ type: 'begin', setup, flag });
  const { work, ...rest } = task(1);
  const done = new Promise((resolve) => {
    thread.on('message', ({ type }: { type: string }) => type === 'done' && resolve(true));
  });
  thread.postMessage({
    ...{ type: 'task', id: 1 },
    task: { ...rest, work: { ...work, augmentation: { flip: true, shift: 1 } } },
  });
  await done;
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  await endWork(thread);
  expect(await ended).toBe(0);
  await end();
});
