import { expect, it } from 'vitest';
import { parseConfiguration } from '../protocol/configuration/configuration.js';
import { runTitle } from './run-title.js';

const titleOf = (dataset: string, partition: object) =>
  runTitle(
    parseConfiguration(
      {
        ...{ dataset, partition, model: { name: 'mlp' }, rounds: 1 },
        ...(dataset === 'none' && { imageShape: [1, 2, 2], classNames: ['a', 'b'] }),
        ...{ optimizer: { name: 'adam' }, local: { epochs: 1 } },
      },
      'test',
    ),
  );

it.each([
  ['fashion-mnist', { name: 'iid', participants: 2 }, 'fashion-mnist, iid: 2 participants train mlp'],
  ['none', { name: 'own', participants: 2 }, '2 participants train mlp on their own data'],
  ['/home/a/xrays', { name: 'own', participants: 1 }, 'xrays: 1 participant trains mlp on its own data'],
])('the title of a run of %s, %o', (dataset, partition, title) => {
  expect(titleOf(dataset, partition)).toBe(title);
});
