import { expect, it } from 'vitest';
import type { WorkerEvent } from '../state/messages.js';
import { finishedRun } from './finished-run.js';
import type { DeviceStore } from './kept.js';
import type { SavedSession } from './session.js';

/** What a browser keeps of a run that is over; no model is among it. */
const keptOf = (session: Partial<SavedSession>) =>
  ({ session: () => session, folder: { read: async () => undefined } }) as unknown as DeviceStore;

it.each([true, undefined])(
  'a page that is loaded again after the end knows whether its model is its own, without the hub: %s',
  async (isPersonal) => {
    const posted: WorkerEvent[] = [];
    const finish = { reason: 'max-rounds' } as const;
    await finishedRun((event) => posted.push(event)).show(keptOf({ finish, isPersonal }));
    expect(posted).toEqual([
      {
        type: 'finished',
        finish: { ...finish, message: undefined, model: undefined, ...(isPersonal && { isPersonal }) },
      },
    ]);
  },
);
