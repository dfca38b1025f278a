import { it } from 'vitest';
import { openDecoders } from './decoders.js';
import { fuzzDecoders } from './fuzz-decoders.js';

it('decoders refuse or read a million inputs', async () => {
  await fuzzDecoders(openDecoders(), 1_000_000, 2);
});
