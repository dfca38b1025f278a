import { it } from 'vitest';
import { openDecoders } from './decoders.js';
import { fuzzDecoders } from './fuzz-decoders.js';

it('decoders refuse or read what hostile hands have been at, soon, and in no more memory than it takes', async () => {
  await fuzzDecoders(openDecoders(), 15_000, 1);
});
