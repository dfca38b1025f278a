import { it } from 'vitest';
import { fuzzDecoders } from './fuzz-decoders.js';

it('decoders refuse or read a million inputs', async () => {
  await fuzzDecoders(1_000_000, 2);
});
