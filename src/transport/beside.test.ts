import { expect, it } from 'vitest';
import { receptionsBeside } from './beside.js';
import { exampleDescription } from './transport.contract.js';

it('of two transports, who is there by either is there', () => {
  const said: string[] = [];
  const [first, second] = receptionsBeside({
    description: exampleDescription,
    receive: async () => ({ accepted: true }),
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
