import { it } from 'vitest';
import { fuzzDecoders } from './fuzz-decoders.js';
import { openWeightsDecoders } from './weights.js';

it('a hundred thousand files of weights are refused or read', async () => {
  await fuzzDecoders(openWeightsDecoders(), 100_000, 2);
});
