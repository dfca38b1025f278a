import { it } from 'vitest';
import { fuzzDecoders } from './fuzz-decoders.js';
import { openWeightsDecoders } from './weights.js';

it('files of weights are refused or read, soon, and in no more memory than it takes', async () => {
  await fuzzDecoders(openWeightsDecoders(), 1000, 1);
});
