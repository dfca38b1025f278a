import { expect, it } from 'vitest';
import { CommonweightError } from '../../../base/error.js';
import type { Configuration } from '../../../protocol/configuration/configuration.js';
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

it.each<[string, Partial<Configuration>, readonly string[], string]>([
  ['a network', { model: { name: 'custom' } }, [], 'a network of its own'],
  [
    'a task',
    {
      task: { name: 'custom', metrics: [{ name: 'deviance', better: 'lower', format: 'number' }] },
    },
    [],
    'a task of its own',
  ],
  ['a strategy', { strategy: 'midrange', compare: ['mean', 'midrange'] }, [], 'the strategy "midrange"'],
  ['a method', {}, ['control', 'movement'], 'the method "movement"'],
  ['a codec', { codec: { update: 'int8', model: 'half' } }, [], 'the codec "int8"'],
])(
  'a page that a hub serves says that %s comes with a program only',
  async (_, changes, attachments, needed) => {
    const configuration = { ...exampleDescription.configuration, ...changes };
    const description = { ...exampleDescription, configuration, attachments: [...attachments] };
    const refused = factsOfFederation({ participant: 'site-a', description });
    await expect(refused).rejects.toThrow(CommonweightError);
    await expect(refused).rejects.toThrow(new RegExp(`what this page does not have: ${needed}$`));
    await expect(refused).rejects.toHaveProperty('hint', expect.stringContaining('program'));
  },
);
