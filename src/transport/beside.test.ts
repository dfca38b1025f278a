import { expect, it } from 'vitest';
import type { Assignment } from '../protocol/assignment.js';
import { beside, handlersBeside } from './beside.js';
import { testHub } from './hub/server/test-hub.contract.js';
import { exampleHandlers, randomBlob } from './transport.contract.js';

it('of two transports, who is there by either is there', () => {
  const said: string[] = [];
  const [first, second] = handlersBeside({
    ...exampleHandlers,
    onPresence: (name, present) => said.push(`${name} ${present ? 'comes' : 'goes'}`),
  });
  first.onPresence?.('site-a', true);
  second.onPresence?.('site-b', true);
  // It goes over to the other, and its first connection ends after that.
  second.onPresence?.('site-a', true);
  first.onPresence?.('site-a', false);
  expect(said).toEqual(['site-a comes', 'site-b comes']);
  second.onPresence?.('site-a', false);
  second.onPresence?.('site-b', false);
  expect(said.slice(2)).toEqual(['site-a goes', 'site-b goes']);
});

it('of two transports, one has what the other is about to name', async () => {
  const test = await testHub();
  try {
    const hub = await test.open();
    const participant = await test.join('site-a');
    const bytes = randomBlob(100);
    const model = await hub.blobs.put(bytes);
    const read: Uint8Array[] = [];
    // As whoever hears of it before the server has confirmed it.
    const first = {
      blobs: hub.blobs,
      async publish(assignment: Assignment) {
        if (assignment.type === 'evaluate') read.push(await participant.download(assignment.model));
      },
      close: async () => undefined,
    };
    const both = beside(first, hub);
    await both.publish({ type: 'wait', epoch: 1, sequence: 1, round: 1 });
    await both.publish({ type: 'evaluate', epoch: 1, sequence: 2, round: 1, waitingFor: ['site-a'], model });
    expect(read).toEqual([bytes]);
  } finally {
    await test.close();
  }
});
