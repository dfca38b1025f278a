import { expect, it } from 'vitest';
import { exampleDescription } from '../../../transport/transport.contract.js';
import { factsOfFederation } from './hub-in-page.js';

it('a page says in a sentence that it brings pictures, where a federation is about other data', async () => {
  const description = {
    ...exampleDescription,
    inputs: [{ name: 'features', dtype: 'f32' as const, shape: [2], meaning: { kind: 'number' as const } }],
  };
  await expect(factsOfFederation({ participant: 'site-a', description })).rejects.toThrow(
    'this federation is about features f32[2] and labels i32[], and this page brings pictures with a class each',
  );
});
