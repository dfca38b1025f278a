import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { leaderGone } from './standby.js';

/** A key that is never written, on a server that is always there. */
const silent = {
  get: async () => null,
  watch: async () => ({
    stop() {},
    [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }),
  }),
};
const nats = {
  connection: { isClosed: () => false },
  opening: (open: () => unknown) => open(),
  outages: {
    through: (act: () => unknown) => act(),
    untilDone: (_: string, act: () => unknown) => act(),
    onReconnect() {},
    whileAway() {},
  },
};

it('standing by leaves nothing behind on the signal of who waits', async () => {
  const { signal } = new AbortController();
  for (const epoch of [undefined, 1, 2])
    await leaderGone(nats as never, { presence: silent } as never, 'job', epoch, 1, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

it('standing by ends with the signal', async () => {
  const waiting = new AbortController();
  const gone = leaderGone(nats as never, { presence: silent } as never, 'job', 1, 1e6, waiting.signal);
  setTimeout(() => waiting.abort(), 0);
  await expect(gone).rejects.toThrow('closed');
});
